package portal

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// addressMax is the longest address that can exist, 254 bytes by RFC 5321
// section 4.5.3.1.3, with room for a sloppy one.
const addressMax = 320

// signInPage asks for address and password. It shows nothing of the
// organization; the package comment says why.
type signInPage struct {
	// Action is a path of ours.
	Action string
	// Address is what was typed before.
	Address string
	// SignedOut is true right after signing out.
	SignedOut bool
	Problems  problems
}

// signInPath is an organization's sign-in page.
func signInPath(org directory.OrganizationID) string {
	namespace, name, _ := strings.Cut(string(org), "/")
	return "/o/" + url.PathEscape(namespace) + "/" + url.PathEscape(name) + "/signin"
}

// organization returns whose page it is. When it returns false, the path can
// not be that of any organization, and the page for it has been written.
func (p *portal) organization(w http.ResponseWriter, r *http.Request) (directory.OrganizationID, bool) {
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	if !couldBeName(namespace) || !couldBeName(name) {
		p.showNotice(w, r, noSuchPage())
		return "", false
	}
	return directory.OrganizationID(namespace + "/" + name), true
}

// couldBeName tells whether a declaration can have the name (RFC 1123
// subdomain, which bounds what a made-up link can put into our links).
func couldBeName(s string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-."
	return s != "" && len(s) <= 253 && strings.Trim(s, alphabet) == ""
}

func (p *portal) showSignIn(w http.ResponseWriter, r *http.Request) {
	org, ok := p.organization(w, r)
	if !ok {
		return
	}
	url, err := p.elsewhere.SignInURL(r.Context(), org)
	switch {
	case err != nil:
		p.showFault(w, r, err)
		return
	case url != "":
		p.showLast(w, r, signInElsewhere(url))
		return
	}
	p.show(w, r, http.StatusOK, signInDocument(signInPage{
		Action:    signInPath(org),
		SignedOut: r.URL.Query().Has("signed-out"),
	}))
}

func signInDocument(page signInPage) document {
	title := "Sign in"
	if len(page.Problems) > 0 {
		title = "Error: " + title
	}
	return document{Title: title, Scripted: true, SignIn: &page}
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) {
	fields, ok := p.submitted(w, r)
	if !ok {
		return
	}
	org, ok := p.organization(w, r)
	if !ok {
		return
	}
	url, err := p.elsewhere.SignInURL(r.Context(), org)
	switch {
	case err != nil:
		p.showFault(w, r, err)
		return
	case url != "":
		// Nobody's password is looked at: it is not for us.
		redirect(w, signInPath(org))
		return
	}
	typed := strings.TrimSpace(fields["address"])
	page := signInPage{Action: signInPath(org), Address: typed, Problems: signInProblems(typed, fields["password"])}
	if len(page.Problems) > 0 {
		p.show(w, r, http.StatusUnprocessableEntity, signInDocument(page))
		return
	}
	if wait := p.limits.signIn.take(addressKey(org, typed)); wait > 0 {
		p.showTooMany(w, r, wait)
		return
	}
	session, _, err := p.accounts.SignIn(r.Context(), org, typed, normalizePassword(fields["password"]))
	switch directory.KindOf(err) {
	case "":
		p.enter(w, r, session)
	case directory.KindDenied, directory.KindNotFound, directory.KindConflict, directory.KindInvalid:
		page.Problems = problems{{Field: "address", Message: "Address and password do not match. Check both, and try again."}}
		p.show(w, r, http.StatusUnprocessableEntity, signInDocument(page))
	default:
		p.showFault(w, r, err)
	}
}

// signInProblems looks only at what was typed, never at who exists.
func signInProblems(typed, password string) problems {
	var ps problems
	if typed == "" || len(typed) > addressMax {
		ps = ps.with("address", "Enter the e-mail address that your invitation was sent to.")
	}
	if password == "" {
		ps = ps.with("password", "Enter your password.")
	}
	return ps
}

// enter signs a person in: the browser gets a new session, and the one that it
// may have had before ends, so that nobody can plant one (session fixation).
func (p *portal) enter(w http.ResponseWriter, r *http.Request, session string) {
	if old := p.cookie.read(r); old != "" && old != session {
		if err := p.accounts.SignOut(r.Context(), old); err != nil {
			p.log.Error(err, "earlier portal session not ended")
		}
	}
	p.cookie.set(w, session)
	redirect(w, "/welcome")
}
