package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Joins is what the portal needs for people who follow a shareable link. Errors
// are of the kinds of [directory.Error].
type Joins interface {
	// LookupLink returns the link of the token, in whatever state it is, and
	// changes nothing. KindNotFound when there is none.
	LookupLink(ctx context.Context, token string) (directory.SharedLink, error)
	// RequestJoin records that somebody wants to join, which leads to a mail if
	// they can. Nothing about the address can be told from its answer or its
	// time. KindNotFound when nobody can join by the link now, KindDenied when
	// the address is of no domain that can, KindRateLimited when too many
	// addresses were entered.
	RequestJoin(ctx context.Context, token string, r directory.JoinRequest) error
	// LookupJoin returns whom the token of a confirmation belongs to, and the link
	// that they follow. KindNotFound when there is none (any more).
	LookupJoin(ctx context.Context, token string) (directory.Join, directory.SharedLink, error)
	// ConfirmJoin confirms the address of somebody who then waits for an
	// approval. KindNotFound when the confirmation is not pending any more or
	// its link dead, KindQuotaExceeded when no place is left, KindDenied when the
	// link asks for no approval (any more).
	ConfirmJoin(ctx context.Context, token string) error
}

// joinRoutes are the pages of a shareable link.
func (p *portal) joinRoutes() []route {
	return []route{
		{http.MethodGet, "/j/{token}", p.showJoin},
		{http.MethodPost, "/j/{token}", p.requestJoin},
		{http.MethodGet, "/join-requested", p.showJoinRequested},
		{http.MethodGet, "/join-confirmed", p.showJoinConfirmed},
	}
}

// joinPage asks for the address of somebody who wants to join.
type joinPage struct {
	directory.InvitationDetails
	// Domains are those whose addresses can join, for people; empty for any.
	Domains []string
	// Approval is true when somebody looks at everybody who joins.
	Approval bool
	// Address and Name are what was typed before.
	Address, Name string
	// Until is when the link ends, in words; Machine the same for programs.
	Until, Machine string
	// Action is a path of ours.
	Action   string
	NameMax  int
	Problems problems
}

// openLink finds the link of a page. When it returns false, the page for a link
// that does not work has been written, or the one for a fault.
func (p *portal) openLink(w http.ResponseWriter, r *http.Request) (string, directory.SharedLink, bool) {
	token := r.PathValue("token")
	if wait := p.limits.link.take(tokenKey(token)); wait > 0 {
		p.showTooMany(w, r, wait)
		return "", directory.SharedLink{}, false
	}
	link := directory.SharedLink{}
	var err error
	if couldBeToken(token) {
		link, err = p.joins.LookupLink(r.Context(), token)
	}
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		p.showFault(w, r, err)
		return "", directory.SharedLink{}, false
	}
	if link.State != directory.LinkOpen {
		p.showDeadLink(w, r, link)
		return "", directory.SharedLink{}, false
	}
	return token, link, true
}

func (p *portal) showJoin(w http.ResponseWriter, r *http.Request) {
	token, link, ok := p.openLink(w, r)
	if !ok {
		return
	}
	p.show(w, r, http.StatusOK, joinDocument(token, link, joinPage{}))
}

// joinDocument fills in what the link says; page holds what was typed.
func joinDocument(token string, link directory.SharedLink, page joinPage) document {
	title := "Join " + isolate(link.Details.OrganizationName)
	if len(page.Problems) > 0 {
		title = "Error: " + title
	}
	page.InvitationDetails, page.Approval, page.Domains = link.Details, link.Approval, readableDomains(link)
	page.Until, page.Machine = moment(link.ExpiresAt), link.ExpiresAt.UTC().Format(time.RFC3339)
	page.Action, page.NameMax = "/j/"+token, nameMax
	return document{Title: title, Scripted: true, Join: &page}
}

// readableDomains writes the domains for people, each in its own script.
func readableDomains(link directory.SharedLink) []string {
	const local = "x@"
	domains := make([]string, 0, len(link.Domains))
	for _, d := range link.Domains {
		domains = append(domains, strings.TrimPrefix(readable(local+d), local))
	}
	return domains
}

// requestJoin takes the form of a link's page. Its answer is the same whatever
// becomes of it: who has the link must not learn who is in.
func (p *portal) requestJoin(w http.ResponseWriter, r *http.Request) {
	fields, ok := p.submitted(w, r)
	if !ok {
		return
	}
	token, link, ok := p.openLink(w, r)
	if !ok {
		return
	}
	page := joinPage{Address: strings.TrimSpace(fields["address"]), Name: fields["name"]}
	wish := directory.JoinRequest{Name: cleanName(page.Name)}
	wish.Address, page.Problems = joinProblems(page.Address, wish.Name, link)
	if len(page.Problems) > 0 {
		p.show(w, r, http.StatusUnprocessableEntity, joinDocument(token, link, page))
		return
	}
	err := p.joins.RequestJoin(r.Context(), token, wish)
	switch directory.KindOf(err) {
	case "", directory.KindRateLimited:
		redirect(w, "/join-requested")
	case directory.KindNotFound:
		// Somebody closed it while the form was filled in.
		link.State = directory.LinkClosed
		p.showDeadLink(w, r, link)
	case directory.KindDenied, directory.KindInvalid:
		page.Problems = page.Problems.with("address", domainProblem(link))
		p.show(w, r, http.StatusUnprocessableEntity, joinDocument(token, link, page))
	default:
		p.showFault(w, r, err)
	}
}

// joinProblems returns the canonical address, and what is wrong with the form.
func joinProblems(typed, name string, link directory.SharedLink) (string, problems) {
	parsed, err := address.Parse(typed)
	message := ""
	switch {
	case err != nil || len(typed) > addressMax:
		message = "Enter your e-mail address, such as ada@example.com."
	case len(link.Domains) > 0 && !slices.Contains(link.Domains, parsed.Domain()):
		message = domainProblem(link)
	}
	return parsed.String(), problems(nil).with("address", message).with("name", nameProblem(name))
}

func domainProblem(link directory.SharedLink) string {
	if len(link.Domains) == 0 {
		return "This address can not be used. Enter another one."
	}
	return "Only an address of " + strings.Join(readableDomains(link), " or ") + " can join by this link. Enter one of those."
}

func (p *portal) showJoinRequested(w http.ResponseWriter, r *http.Request) {
	p.showLast(w, r, notice{
		Status:  http.StatusOK,
		Heading: "Look into your mailbox",
		Reason:  "If this address can join, a mail is on its way to it. Press the button in that mail within a day to go on.",
		Advice:  "Nothing came after five minutes? Look among unwanted mail, then open the link again and check the address. Whoever is a member already gets no mail, and can sign in.",
	})
}

// showDeadLink answers a link by which nobody can join, like [portal.showDead]:
// all alike but for the words.
func (p *portal) showDeadLink(w http.ResponseWriter, r *http.Request, link directory.SharedLink) {
	n := deadSharedLink(link)
	n.Status = http.StatusNotFound
	p.showNotice(w, r, n)
}

func deadSharedLink(link directory.SharedLink) notice {
	organization := isolate(link.Details.OrganizationName)
	switch link.State {
	case directory.LinkExpired:
		return notice{
			Heading: "This link has expired",
			Reason:  "People could join " + organization + " by it until " + moment(link.ExpiresAt) + ".",
			Advice:  "Ask whoever gave it to you for a new one.",
		}
	case directory.LinkUsedUp:
		return notice{
			Heading: "All places are taken",
			Reason:  "As many people have joined " + organization + " by this link as can.",
			Advice:  "Ask whoever gave it to you whether there is room for more.",
		}
	case directory.LinkClosed:
		return notice{
			Heading: "This link is closed",
			Reason:  "Nobody can join " + organization + " by it at present.",
			Advice:  "Ask whoever gave it to you whether it will be opened again, or for another one.",
		}
	default:
		return notice{
			Heading: "This link does not work",
			Reason:  "It may be incomplete, or it was replaced by a newer one.",
			Advice:  "Copy the whole link into the address bar. If that does not help, ask whoever gave it to you for a new one.",
		}
	}
}
