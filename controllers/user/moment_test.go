package user_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

const moment = 3 * time.Second

// statuses counts the writes of statuses since the last call.
func (w *world) statuses() int {
	n := 0
	for _, write := range w.Writes() {
		if write.Verb == stage.VerbStatus {
			n++
		}
	}
	return n
}

// A mail that leaves at once costs one write of the status, not two.
func TestPromise_OneStatusForAMailThatLeavesAtOnce(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.users.MailMoment = moment
	if again := w.look("ada").RequeueAfter; again != moment {
		t.Errorf("looks again after %s, want %s: the outbox's change may be missed", again, moment)
	}
	if n := w.statuses(); n != 0 {
		t.Errorf("%d statuses were written before the mail has left, want none", n)
	}
	w.Deliver(directory.ResultSent, "")
	w.look("ada")
	if n := w.statuses(); n != 1 {
		t.Errorf("%d statuses were written, want one", n)
	}
	if got := stage.Condition(w.get("ada").Status.Conditions, v1alpha1.ConditionInvited); got != "True MailSent" {
		t.Errorf("Invited is %q", got)
	}
}

// One that does not leave is told.
func TestPromise_AMailThatWaitsIsTold(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.users.MailMoment = moment
	w.look("ada")
	w.Clock.Step(moment)
	w.look("ada")
	conditions := w.get("ada").Status.Conditions
	if got := stage.Condition(conditions, v1alpha1.ConditionInvited); got != "False MailQueued" {
		t.Errorf("Invited is %q", got)
	}
	if got := stage.Condition(conditions, v1alpha1.ConditionPending); got != "True AwaitingAcceptance" {
		t.Errorf("Pending is %q", got)
	}
}
