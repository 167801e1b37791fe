package portal

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// joinConfirmPage asks somebody to confirm the address, where an approval
// follows. It has a box to tick for the reason that [confirmPage] has one.
type joinConfirmPage struct {
	directory.InvitationDetails
	// Address is what is to be confirmed.
	Address string
	// Until is when the confirmation ends, in words.
	Until string
	// Action is a path of ours.
	Action   string
	Problems problems
}

// followed finds the link by which somebody came who confirms an address. When
// it returns false, the page that says why it leads nowhere has been written.
func (p *portal) followed(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation) (directory.SharedLink, bool) {
	_, link, err := p.joins.LookupJoin(r.Context(), token)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		i.State = directory.InvitationRevoked
		p.showDead(w, r, i)
		return directory.SharedLink{}, false
	case err != nil:
		p.showFault(w, r, err)
		return directory.SharedLink{}, false
	case link.State != directory.LinkOpen:
		p.showDeadLink(w, r, link)
		return directory.SharedLink{}, false
	}
	return link, true
}

// showJoiner is where the button of a confirmation's mail leads: to the page on
// which everybody accepts, or, where an approval follows, to one that only
// confirms.
func (p *portal) showJoiner(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation) {
	link, ok := p.followed(w, r, token, i)
	if !ok {
		return
	}
	if link.Approval {
		p.show(w, r, http.StatusOK, joinConfirmDocument(token, i, nil))
		return
	}
	p.show(w, r, http.StatusOK, p.invitationDocument(token, i, i.Details.DisplayName, nil))
}

func joinConfirmDocument(token string, i directory.Invitation, ps problems) document {
	title := "Confirm your address for " + isolate(i.Details.OrganizationName)
	if len(ps) > 0 {
		title = "Error: " + title
	}
	return document{
		Title: title,
		JoinConfirm: &joinConfirmPage{
			InvitationDetails: i.Details, Address: readable(i.Address), Until: moment(i.ExpiresAt), Action: "/i/" + token, Problems: ps,
		},
	}
}

// joinerGoesOn takes what was sent from either page. It returns true for
// somebody who is to be let in, and false when an answer has been written.
func (p *portal) joinerGoesOn(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation, fields form) bool {
	link, ok := p.followed(w, r, token, i)
	if !ok {
		return false
	}
	// The page that only confirms asks for no name.
	_, accepts := fields["name"]
	switch {
	case link.Approval == accepts:
		// Whether an approval is needed has changed since the page was shown.
		redirect(w, "/i/"+token)
		return false
	case !link.Approval:
		return true
	case fields["confirm"] != "yes":
		ps := problems{{Field: "confirm", Message: "Tick the box if the address is yours, or close this page."}}
		p.show(w, r, http.StatusUnprocessableEntity, joinConfirmDocument(token, i, ps))
		return false
	}
	err := p.joins.ConfirmJoin(r.Context(), token)
	switch {
	case err == nil:
		redirect(w, "/join-confirmed")
	case !p.refuseJoiner(w, r, token, i, err):
		p.showFault(w, r, err)
	}
	return false
}

// refuseJoiner answers when no place could be taken for somebody. It returns
// false when that was not the reason.
func (p *portal) refuseJoiner(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation, err error) bool {
	switch directory.KindOf(err) {
	case directory.KindQuotaExceeded:
		n := deadSharedLink(directory.SharedLink{State: directory.LinkUsedUp, Details: i.Details})
		n.Status = http.StatusConflict
		p.showNotice(w, r, n)
	case directory.KindExists:
		p.showNotice(w, r, memberAlready(i))
	case directory.KindDenied:
		redirect(w, "/i/"+token)
	case directory.KindNotFound:
		// The confirmation may be pending while its link has died.
		if _, ok := p.followed(w, r, token, i); ok {
			p.showOvertaken(w, r, token)
		}
	default:
		return false
	}
	return true
}

func memberAlready(i directory.Invitation) notice {
	unchanged := "Nothing has changed, your password neither."
	if i.SignInURL != "" {
		unchanged = "Nothing has changed."
	}
	return ledToSignIn(i, notice{
		Status:  http.StatusConflict,
		Heading: "You are a member already",
		Reason:  "There is an account for your address at " + isolate(i.Details.OrganizationName) + ". " + unchanged,
		Advice:  "To go on, " + howToSignIn(i) + ".",
	})
}

func (p *portal) showJoinConfirmed(w http.ResponseWriter, r *http.Request) {
	p.showLast(w, r, notice{
		Status:  http.StatusOK,
		Heading: "Your address is confirmed",
		Reason:  "You are not in yet: somebody looks at everybody who wants to join.",
		Advice:  "As soon as you are approved you get a mail that leads you on. You can close this page.",
	})
}

// deadJoin is for a confirmation that was given, or can not be given any more.
func deadJoin(i directory.Invitation) notice {
	organization := isolate(i.Details.OrganizationName)
	switch i.State {
	case directory.InvitationAccepted:
		joined := "If you chose a password then, sign in."
		if i.SignInURL != "" {
			joined = "If you joined with it, " + howToSignIn(i) + "."
		}
		return ledToSignIn(i, notice{
			Heading: "This address is confirmed",
			Reason:  "It was confirmed with this mail. " + joined + " Otherwise you get a mail as soon as you are approved.",
			Advice:  "If it was not you, tell " + organization + " right away.",
		})
	case directory.InvitationExpired:
		return notice{
			Heading: "This mail has expired",
			Reason:  "Its button was good until " + moment(i.ExpiresAt) + ".",
			Advice:  "Open the link to join " + organization + " again, and enter your address once more.",
		}
	default:
		return notice{
			Heading: "This mail is no longer valid",
			Reason:  "It was replaced by a newer one, or the link that you followed was closed.",
			Advice:  "Look for a more recent mail from " + organization + ". If there is none, open the link to join again.",
		}
	}
}
