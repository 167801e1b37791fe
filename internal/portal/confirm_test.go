package portal

import (
	"net/http"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// A link that confirms an address asks for no password, takes a tick and a
// click, and tells that it is done.
func TestBY2_ConfirmAChangedAddress(t *testing.T) {
	w := newWorld()
	token := w.invite(confirming)
	ada := w.visitor(t)
	page := ada.get("/i/" + token)
	page.wants(t, http.StatusOK, "Is this your new address for <bdi>Northwind Clinic</bdi>?", "Yes, this is my address")
	page.lacks(t, `type="password"`)
	ada.post("/i/"+token).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	ada.post("/i/"+token, "name", adaName, "password", goodPass).wants(t, http.StatusUnprocessableEntity, "Tick the box")
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("without a tick it is %s", got)
	}
	ada.post("/i/"+token, "confirm", "yes").leadsTo(t, "/confirmed")
	ada.get("/confirmed").wants(t, http.StatusOK, "Your address is confirmed")
	if got := w.state(token); got != directory.InvitationAccepted {
		t.Errorf("confirmed it is %s", got)
	}
	ada.get("/i/"+token).wants(t, http.StatusNotFound, "This address has been confirmed")
}

func TestBY2_DeadConfirmations(t *testing.T) {
	w := newWorld()
	for state, says := range map[directory.InvitationState]string{
		directory.InvitationExpired:  "This link has expired",
		directory.InvitationRevoked:  "This link is no longer valid",
		directory.InvitationDeclined: "This link is no longer valid",
	} {
		token := w.invite(confirming, inState(state))
		v := w.visitor(t)
		v.get("/i/"+token).wants(t, http.StatusNotFound, says)
		v.post("/i/"+token, "confirm", "yes").wants(t, http.StatusNotFound, says)
	}
}

func TestBY2_ConfirmingTooLateOrWhileNothingAnswers(t *testing.T) {
	w := newWorld()
	token := w.invite(confirming)
	w.overtake = func() { w.invitations[token].State = directory.InvitationRevoked }
	w.visitor(t).post("/i/"+token, "confirm", "yes").wants(t, http.StatusNotFound, "no longer valid")
	token = w.invite(confirming)
	w.overtake = func() { w.fault = directory.Errorf(directory.KindUnavailable, "confirm", "no database") }
	w.visitor(t).post("/i/"+token, "confirm", "yes").wants(t, http.StatusServiceUnavailable)
	w.failWith(nil)
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("it is %s, want Pending", got)
	}
}

func TestBY2_DeclineAChangedAddress(t *testing.T) {
	w := newWorld()
	token := w.invite(confirming)
	v := w.visitor(t)
	v.get("/i/"+token+"/decline").wants(t, http.StatusOK, "Is this not your address for <bdi>Northwind Clinic</bdi>?")
	v.post("/i/"+token+"/decline", "confirm", "yes").leadsTo(t, "/declined")
	if got := w.state(token); got != directory.InvitationDeclined {
		t.Errorf("it is %s, want Declined", got)
	}
}
