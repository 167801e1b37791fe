package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// tokenMax is the most characters that a token can have; ours have 43.
const tokenMax = 128

// pendingInvitation finds what a link invites to. When it returns false, the
// page for a link that does not work has been written, or the one for a fault.
// It is the only way in for all pages that answer an invitation, so that every
// dead link costs the same: one lookup and one notice.
func (p *portal) pendingInvitation(w http.ResponseWriter, r *http.Request) (string, directory.Invitation, bool) {
	token, invitation, ok := p.invitation(w, r)
	if ok && invitation.State != directory.InvitationPending {
		p.showDead(w, r, invitation)
		return "", directory.Invitation{}, false
	}
	return token, invitation, ok
}

// invitation finds the invitation of a link, the zero one when there is none.
// When it returns false, the answer has been written.
func (p *portal) invitation(w http.ResponseWriter, r *http.Request) (string, directory.Invitation, bool) {
	token := r.PathValue("token")
	if wait := p.limits.invitation.take(tokenKey(token)); wait > 0 {
		p.showTooMany(w, r, wait)
		return "", directory.Invitation{}, false
	}
	invitation, err := p.lookup(r, token)
	if err != nil {
		p.showFault(w, r, err)
		return "", directory.Invitation{}, false
	}
	return token, invitation, true
}

// lookup returns the zero Invitation for a token that is unknown. One that can
// not be a token, which whoever made it up knows, is not looked for.
func (p *portal) lookup(r *http.Request, token string) (directory.Invitation, error) {
	if !couldBeToken(token) {
		return directory.Invitation{}, nil
	}
	invitation, err := p.invitations.Lookup(r.Context(), token)
	if directory.IsKind(err, directory.KindNotFound) {
		return directory.Invitation{}, nil
	}
	return invitation, err
}

// couldBeToken tells whether a string is of the alphabet of base64url (RFC 4648
// section 5) and of a sensible length.
func couldBeToken(s string) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return s != "" && len(s) <= tokenMax && strings.Trim(s, alphabet) == ""
}

// invitationPage is what the acceptance page shows.
type invitationPage struct {
	directory.InvitationDetails
	// Address is whom the invitation is for.
	Address string
	// Name is what the form is filled in with.
	Name string
	// Until and Left are when the link ends, in words; Machine is Until for
	// programs.
	Until, Left, Machine string
	// Accept and Decline are paths of ours; Decline is empty for whoever joins by
	// a shareable link.
	Accept, Decline string
	// Elsewhere is true where nobody signs in here: then no password is chosen,
	// and SignIn is where they do, as far as that is known.
	Elsewhere bool
	SignIn    destination
	// Ticked is true when the box was.
	Ticked      bool
	PasswordMin int
	PasswordMax int
	NameMax     int
	Problems    problems
}

func (p *portal) invitationDocument(token string, i directory.Invitation, name string, ps problems) document {
	title := "Join " + isolate(i.Details.OrganizationName)
	decline := "/i/" + token + "/decline"
	if i.Purpose == directory.PurposeJoinByLink {
		// Nobody has invited the person, who could see it.
		decline = ""
	}
	if len(ps) > 0 {
		title = "Error: " + title
	}
	return document{
		Title:    title,
		Scripted: true,
		Invitation: &invitationPage{
			InvitationDetails: i.Details,
			Address:           readable(i.Address),
			Name:              name,
			Until:             moment(i.ExpiresAt),
			Left:              left(i.ExpiresAt.Sub(p.clock.Now())),
			Machine:           machine(i.ExpiresAt),
			Accept:            "/i/" + token,
			Decline:           decline,
			Elsewhere:         i.SignInURL != "",
			SignIn:            parseDestination(i.SignInURL),
			PasswordMin:       passwordMin,
			PasswordMax:       passwordMax,
			NameMax:           nameMax,
			Problems:          ps,
		},
	}
}

// machine writes a time for programs.
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// readable writes an address for people, its domain in its own script.
func readable(canonical string) string {
	parsed, err := address.Parse(canonical)
	if err != nil {
		return canonical
	}
	return parsed.Display()
}

// left says how long something still lasts, rounded down, so that nobody comes
// too late who believes it.
func left(d time.Duration) string {
	switch days, hours := int(d/(24*time.Hour)), int(d/time.Hour); {
	case days >= 2:
		return fmt.Sprintf("%d days left", days)
	case hours >= 2:
		return fmt.Sprintf("%d hours left", hours)
	default:
		return "ends soon"
	}
}

// showInvitation is where the mail's button leads.
func (p *portal) showInvitation(w http.ResponseWriter, r *http.Request) {
	token, invitation, ok := p.pendingInvitation(w, r)
	if !ok {
		return
	}
	if invitation.Purpose == directory.PurposeConfirm {
		p.showConfirm(w, r, token, invitation)
		return
	}
	if invitation.Purpose == directory.PurposeJoinByLink {
		p.showJoiner(w, r, token, invitation)
		return
	}
	p.show(w, r, http.StatusOK, p.invitationDocument(token, invitation, invitation.Details.DisplayName, nil))
}

// acceptInvitation takes the form of the acceptance page.
func (p *portal) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	fields, ok := p.submitted(w, r)
	if !ok {
		return
	}
	token, invitation, ok := p.pendingInvitation(w, r)
	if !ok {
		return
	}
	if invitation.Purpose == directory.PurposeConfirm {
		p.confirmAddress(w, r, token, invitation, fields["confirm"])
		return
	}
	if invitation.Purpose == directory.PurposeJoinByLink && !p.joinerGoesOn(w, r, token, invitation, fields) {
		return
	}
	if invitation.SignInURL != "" {
		p.acceptElsewhere(w, r, token, invitation, fields)
		return
	}
	acceptance := directory.Acceptance{
		Name:     cleanName(fields["name"]),
		Password: normalizePassword(fields["password"]),
	}
	if ps := acceptanceProblems(acceptance, invitation); len(ps) > 0 {
		p.show(w, r, http.StatusUnprocessableEntity, p.invitationDocument(token, invitation, fields["name"], ps))
		return
	}
	session, _, err := p.invitations.Accept(r.Context(), token, acceptance)
	if err != nil {
		p.refuseAcceptance(w, r, invitation, fields["name"], err)
		return
	}
	p.enter(w, r, session)
}

func acceptanceProblems(a directory.Acceptance, i directory.Invitation) problems {
	context := contextWords(i.Details.OrganizationName, i.Details.DisplayName, a.Name, i.Address)
	return problems(nil).
		with("name", nameProblem(a.Name)).
		with("password", passwordProblem(a.Password, context))
}

// refuseAcceptance answers when what looked good a moment ago was refused.
func (p *portal) refuseAcceptance(w http.ResponseWriter, r *http.Request, i directory.Invitation, name string, err error) {
	token := r.PathValue("token")
	if i.Purpose == directory.PurposeJoinByLink && p.refuseJoiner(w, r, token, i, err) {
		return
	}
	switch directory.KindOf(err) {
	case directory.KindNotFound:
		p.showOvertaken(w, r, token)
	case directory.KindConflict:
		p.showNotice(w, r, notice{
			Status:  http.StatusConflict,
			Heading: "Your access is switched off",
			Reason:  isolate(i.Details.OrganizationName) + " has disabled the account for your address, so it can not join now.",
			Advice:  "Ask whoever invited you. Your link stays good until then, or until it expires.",
		})
	case directory.KindInvalid:
		message := "This could not be saved as it is. Try a simpler spelling of your name, and another password."
		if i.SignInURL != "" {
			message = "This could not be saved as it is. Try a simpler spelling of your name."
		}
		p.show(w, r, http.StatusUnprocessableEntity, p.invitationDocument(token, i, name, problems{{Field: "name", Message: message}}))
	case directory.KindDenied:
		p.showSwitched(w, r, token, i, err)
	default:
		p.showFault(w, r, err)
	}
}

// showOvertaken is for a form that was sent when somebody else, or a second
// click, had just ended the invitation.
func (p *portal) showOvertaken(w http.ResponseWriter, r *http.Request, token string) {
	invitation, err := p.lookup(r, token)
	if err == nil && invitation.State == directory.InvitationPending {
		err = errors.New("invitation is pending and can not be redeemed")
	}
	if err != nil {
		p.showFault(w, r, err)
		return
	}
	p.showDead(w, r, invitation)
}
