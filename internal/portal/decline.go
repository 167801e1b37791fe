package portal

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// declinePage asks whether somebody is sure. Declining has a page of its own,
// and a box to tick, because it can not be undone by the person, stands next to
// the button for accepting, and must not be done by a scanner that presses
// every button.
type declinePage struct {
	OrganizationName string
	// Confirming is true when it is not about joining, but about a changed address.
	Confirming bool
	// Confirm and Back are paths of ours.
	Confirm, Back string
	Problems      problems
}

func (p *portal) showDecline(w http.ResponseWriter, r *http.Request) {
	token, invitation, ok := p.pendingInvitation(w, r)
	if !ok {
		return
	}
	p.show(w, r, http.StatusOK, declineDocument(token, invitation, nil))
}

func (p *portal) declineInvitation(w http.ResponseWriter, r *http.Request) {
	fields, ok := p.submitted(w, r)
	if !ok {
		return
	}
	token, invitation, ok := p.pendingInvitation(w, r)
	if !ok {
		return
	}
	if fields["confirm"] != "yes" {
		ps := problems{{Field: "confirm", Message: "Tick the box if you want to decline, or go back to the invitation."}}
		p.show(w, r, http.StatusUnprocessableEntity, declineDocument(token, invitation, ps))
		return
	}
	err := p.invitations.Decline(r.Context(), token)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		p.showOvertaken(w, r, token)
	case err != nil:
		p.showFault(w, r, err)
	default:
		redirect(w, "/declined")
	}
}

func declineDocument(token string, i directory.Invitation, ps problems) document {
	title := "Decline the invitation to " + isolate(i.Details.OrganizationName)
	if len(ps) > 0 {
		title = "Error: " + title
	}
	return document{
		Title: title,
		Decline: &declinePage{
			OrganizationName: i.Details.OrganizationName,
			Confirming:       i.Purpose == directory.PurposeConfirm,
			Confirm:          "/i/" + token + "/decline",
			Back:             "/i/" + token,
			Problems:         ps,
		},
	}
}

func (p *portal) showDeclined(w http.ResponseWriter, r *http.Request) {
	p.showLast(w, r, notice{
		Status:  http.StatusOK,
		Heading: "You have declined",
		Reason:  "Nothing was changed, no account was created, and the link in the mail does not work any more.",
		Advice:  "If you change your mind, ask whoever wrote to you to send a new mail. You can close this page.",
	})
}
