package portal

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/idna"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// joinedFor is how long the page that follows an acceptance is shown to whoever
// has the link: long enough to reload it, and to come back from a sign-in that
// did not know the person yet.
const joinedFor = time.Hour

// destination is where an organization's people sign in; the zero value when
// that is not to be linked to.
type destination struct {
	// URL is absolute, https or http of a loopback host, and names no user.
	URL string
	// Host is where it leads, with a port that is not the usual one, and always in
	// ASCII: a name in another script can look like a second one.
	Host string
}

// parseDestination takes only what was recorded for an organization, never what
// a request says. Whoever records it refuses what is refused here; looking again
// costs nothing, and a link that runs a script or leads past its host costs much.
func parseDestination(recorded string) destination {
	u, err := url.Parse(recorded)
	if err != nil || u.Opaque != "" || u.User != nil || u.Hostname() == "" {
		return destination{}
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return destination{}
	}
	host, err := asciiHost(u.Hostname())
	if err != nil {
		return destination{}
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	u.Host = canonicalHost(host, u.Scheme)
	return destination{URL: u.String(), Host: u.Host}
}

// asciiHost writes a host as it stands in a URL.
func asciiHost(name string) (string, error) {
	addr, err := netip.ParseAddr(name)
	switch {
	case err == nil && addr.Zone() != "":
		return "", errors.New("a zone means something on one machine only")
	case err == nil && addr.Is6():
		return "[" + name + "]", nil
	case err == nil || strings.Trim(name, asciiName) == "":
		return name, nil
	}
	return idna.Lookup.ToASCII(name)
}

// asciiName are the characters of host names that need no other spelling.
const asciiName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

// joinedPage tells somebody that they are in, and leads on.
type joinedPage struct {
	directory.InvitationDetails
	SignIn destination
}

// acceptElsewhere takes the form of the acceptance page where nobody chooses a
// password; the invitation is pending. The box stands where otherwise a password
// does, in the way of a scanner that presses every button.
func (p *portal) acceptElsewhere(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation, fields form) {
	if _, chosen := fields["password"]; chosen {
		// Where people sign in has changed since the page was shown. The password is
		// not for us, and not looked at.
		redirect(w, "/i/"+token)
		return
	}
	name, ticked := cleanName(fields["name"]), fields["confirm"] == "yes"
	ps := problems(nil).with("name", nameProblem(name))
	if !ticked {
		ps = ps.with("confirm", "Tick the box if you want to join, or close this page.")
	}
	if len(ps) > 0 {
		d := p.invitationDocument(token, i, fields["name"], ps)
		d.Invitation.Ticked = ticked
		p.show(w, r, http.StatusUnprocessableEntity, d)
		return
	}
	if _, _, err := p.invitations.Accept(r.Context(), token, directory.Acceptance{Name: name}); err != nil {
		p.refuseAcceptance(w, r, i, fields["name"], err)
		return
	}
	redirect(w, "/i/"+token+"/joined")
}

// showSwitched answers an acceptance that was denied: with the page as it is now
// when where people sign in has changed since it was shown.
func (p *portal) showSwitched(w http.ResponseWriter, r *http.Request, token string, seen directory.Invitation, denied error) {
	i, err := p.lookup(r, token)
	if err != nil || (i.SignInURL == "") == (seen.SignInURL == "") {
		p.showFault(w, r, denied)
		return
	}
	redirect(w, "/i/"+token)
}

// showJoined is for whoever has just accepted. Later, and for every other link,
// it answers as the link itself does.
func (p *portal) showJoined(w http.ResponseWriter, r *http.Request) {
	token, i, ok := p.invitation(w, r)
	if !ok {
		return
	}
	if i.State == directory.InvitationPending {
		redirect(w, "/i/"+token)
		return
	}
	in, err := p.hasJoined(r, token, i)
	switch {
	case err != nil:
		p.showFault(w, r, err)
	case !in:
		p.showDead(w, r, i)
	default:
		p.show(w, r, http.StatusOK, document{
			Title:  "You are in " + isolate(i.Details.OrganizationName),
			Joined: &joinedPage{InvitationDetails: i.Details, SignIn: parseDestination(i.SignInURL)},
		})
	}
}

// hasJoined reports whether the link has just let somebody in who signs in
// elsewhere. One that only confirmed an address has not.
func (p *portal) hasJoined(r *http.Request, token string, i directory.Invitation) (bool, error) {
	if i.State != directory.InvitationAccepted || i.SignInURL == "" || i.Purpose == directory.PurposeConfirm ||
		p.clock.Since(i.EndedAt) > joinedFor {
		return false, nil
	}
	if i.Purpose != directory.PurposeJoinByLink {
		return true, nil
	}
	who, _, err := p.joins.LookupJoin(r.Context(), token)
	if directory.IsKind(err, directory.KindNotFound) {
		return false, nil
	}
	return err == nil && !who.Approval, err
}

// signInElsewhere is the sign-in page of an organization whose people do not
// sign in here.
func signInElsewhere(recorded string) notice {
	n := notice{
		Status:  http.StatusOK,
		Heading: "You sign in elsewhere",
		Reason:  "This organization has a sign-in of its own.",
		Advice:  "Whoever invited you can tell you where it is.",
	}
	if to := parseDestination(recorded); to.URL != "" {
		n.Reason = "This organization has a sign-in of its own, at " + isolate(to.Host) + "."
		n.Advice = "Type your password there only if that is where you expect it."
		n.Href, n.Link = to.URL, "Sign in at "+to.Host
	}
	return n
}

// howToSignIn completes "To go on, ...".
func howToSignIn(i directory.Invitation) string {
	switch to := parseDestination(i.SignInURL); {
	case i.SignInURL == "":
		return "sign in with your e-mail address and password"
	case to.URL == "":
		return "sign in where " + isolate(i.Details.OrganizationName) + " tells you"
	default:
		return "sign in at " + isolate(to.Host)
	}
}

// ledToSignIn has a notice lead to where the person signs in.
func ledToSignIn(i directory.Invitation, n notice) notice {
	if i.SignInURL == "" {
		n.Href, n.Link = signInPath(i.Organization), "Go to the sign-in page"
		return n
	}
	if to := parseDestination(i.SignInURL); to.URL != "" {
		n.Href, n.Link = to.URL, "Sign in at "+to.Host
	}
	return n
}
