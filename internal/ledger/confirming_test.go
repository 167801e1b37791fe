package ledger_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// A link does what it is for and nothing else: one that invites confirms
// nothing, and stays good when it was tried.
func TestBY2_ConfirmTakesItsOwnLinksOnly(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		wantKind(w.t, "confirm with an invitation", w.Confirm(w.t.Context(), token), directory.KindNotFound)
		if got := w.newest().State; got != directory.InvitationPending {
			t.Errorf("the invitation is %s afterwards", got)
		}
		if err := w.Close(w.t.Context(), clinic, ada); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Step(week)
		r := request(ada, 1)
		r.Purpose = directory.PurposeConfirm
		if _, err := w.Invite(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		}
		token = w.token(ada)
		if err := w.Confirm(w.t.Context(), token); err != nil {
			w.t.Errorf("confirm: %v", err)
		}
		wantKind(w.t, "confirm twice", w.Confirm(w.t.Context(), token), directory.KindNotFound)
		if got := w.newest(); got.State != directory.InvitationAccepted || got.Purpose != directory.PurposeConfirm {
			t.Errorf("%s %s, want an accepted confirmation", got.Purpose, got.State)
		}
	})
}
