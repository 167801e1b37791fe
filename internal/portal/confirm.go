package portal

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// confirmPage asks somebody who is in whether a changed address is theirs. It
// has a box to tick, because no password stands in the way of a scanner that
// presses every button.
type confirmPage struct {
	OrganizationName string
	Address          string
	// Elsewhere is true where nobody signs in here.
	Elsewhere bool
	// Until and Machine are when the link ends, for people and for programs.
	Until, Machine string
	// Confirm and Decline are paths of ours.
	Confirm, Decline string
	Problems         problems
}

func (p *portal) showConfirm(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation) {
	p.show(w, r, http.StatusOK, confirmDocument(token, i, nil))
}

// confirmAddress takes the form of the page; the invitation is pending.
func (p *portal) confirmAddress(w http.ResponseWriter, r *http.Request, token string, i directory.Invitation, confirm string) {
	if confirm != "yes" {
		ps := problems{{Field: "confirm", Message: "Tick the box if the address is yours, or close this page."}}
		p.show(w, r, http.StatusUnprocessableEntity, confirmDocument(token, i, ps))
		return
	}
	err := p.invitations.Confirm(r.Context(), token)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		p.showOvertaken(w, r, token)
	case err != nil:
		p.showFault(w, r, err)
	default:
		redirect(w, "/confirmed")
	}
}

func confirmDocument(token string, i directory.Invitation, ps problems) document {
	title := "Confirm your new address for " + isolate(i.Details.OrganizationName)
	if len(ps) > 0 {
		title = "Error: " + title
	}
	return document{
		Title: title,
		Confirm: &confirmPage{
			OrganizationName: i.Details.OrganizationName,
			Address:          readable(i.Address),
			Elsewhere:        i.SignInURL != "",
			Until:            moment(i.ExpiresAt), Machine: machine(i.ExpiresAt),
			Confirm: "/i/" + token, Decline: "/i/" + token + "/decline",
			Problems: ps,
		},
	}
}

func (p *portal) showConfirmed(w http.ResponseWriter, r *http.Request) {
	p.showLast(w, r, notice{
		Status:  http.StatusOK,
		Heading: "Your address is confirmed",
		Reason:  "It takes the place of the former one within moments.",
		Advice:  "From then on you use it wherever you signed in with the former one; a password stays as it is. You can close this page.",
	})
}
