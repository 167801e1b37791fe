package portal

import (
	"net/http"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestBY2_InviteeDeclines(t *testing.T) {
	w := newWorld()
	token := w.invite()
	ada := w.visitor(t)
	ada.get("/i/"+token).wants(t, http.StatusOK, `href="/i/`+token+`/decline"`)
	ada.get("/i/"+token+"/decline").wants(t, http.StatusOK, "Decline to join <bdi>Northwind Clinic</bdi>?", `href="/i/`+token+`"`)
	ada.post("/i/"+token+"/decline", "confirm", "yes").leadsTo(t, "/declined")
	ada.get("/declined").wants(t, http.StatusOK, "You have declined")

	if got := w.state(token); got != directory.InvitationDeclined {
		t.Errorf("invitation is %s, want Declined", got)
	}
	ada.get("/i/"+token).wants(t, http.StatusNotFound, "This invitation was declined")
	ada.post("/i/"+token, "name", adaName, "password", goodPass).wants(t, http.StatusNotFound)
}

func TestBY2_DecliningTooLateChangesNothing(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.overtake = func() { w.invitations[token].State = directory.InvitationAccepted }
	w.visitor(t).post("/i/"+token+"/decline", "confirm", "yes").wants(t, http.StatusNotFound, "This invitation has been used")
	if got := w.state(token); got != directory.InvitationAccepted {
		t.Errorf("invitation is %s, want Accepted", got)
	}
}

func TestBY2_DecliningWhileNothingAnswers(t *testing.T) {
	w := newWorld()
	token := w.invite()
	w.overtake = func() { w.fault = directory.Errorf(directory.KindUnavailable, "decline", "no database") }
	w.visitor(t).post("/i/"+token+"/decline", "confirm", "yes").wants(t, http.StatusServiceUnavailable)
	w.failWith(nil)
	if got := w.state(token); got != directory.InvitationPending {
		t.Errorf("invitation is %s, want Pending", got)
	}
}
