package user_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// wantSteps compares what the audit trail of ada says about access, suspension
// and who holds her, oldest first.
func (w *world) wantSteps(reason string, want ...string) {
	w.Helper()
	entries, err := w.Ledger.Audit(w.Context(), stage.OrganizationID(), ada, 0)
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for i := range entries {
		switch a := string(entries[i].Action); a {
		case "AccessDisabled", "AccessEnded", "AccessEnabled", "Suspended", "Resumed", "HandedOver", "Released":
			got = append(got, a)
		}
	}
	slices.Reverse(got)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s: audit trail (-want +got):\n%s", reason, diff)
	}
}

// wantOnce looks twice, and compares the events.
func (w *world) wantOnce(reason string, events ...string) {
	w.Helper()
	w.look("ada")
	w.look("ada")
	w.wantEvents(reason, events...)
}

// until ends access so much later.
func (w *world) until(after time.Duration) func(*v1alpha1.User) {
	end := metav1.NewTime(w.Clock.Now().Add(after).Truncate(time.Second))
	return func(u *v1alpha1.User) { u.Spec.AccessUntil = &end }
}

const (
	eventDisabled = "Normal AccessDisabled The person is kept out, as spec.access and spec.accessUntil say."
	eventEnded    = "Normal AccessEnded The person is kept out, as spec.access and spec.accessUntil say."
	eventEnabled  = "Normal AccessEnabled Access is enabled again. The person accepted the invitation."
)

// Keeping somebody out, for either reason, and letting them in again is one
// event and one entry in the audit trail each; being let in at first is none.
func TestHE5_BY12_StepsOfAccessAreToldOnce(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	w.wantSteps("who is in has no step of this kind")
	w.edit("ada", disabled)
	w.wantOnce("kept out", eventDisabled)
	w.wantSteps("kept out", "AccessDisabled")
	w.edit("ada", w.until(-time.Hour))
	w.wantOnce("the time that is over says nothing beside")
	w.edit("ada", enabled)
	w.wantOnce("kept out for another reason", eventEnded)
	w.wantSteps("kept out for another reason", "AccessDisabled", "AccessEnded")
	w.edit("ada", w.until(time.Hour))
	w.wantOnce("let in again", eventEnabled)
	w.wantSteps("let in again", "AccessDisabled", "AccessEnded", "AccessEnabled")
	w.Clock.Step(2 * time.Hour)
	w.wantOnce("the time is over", eventEnded)
	w.wantSteps("the time is over", "AccessDisabled", "AccessEnded", "AccessEnabled", "AccessEnded")
}

// Who has not answered is let in again like everybody: there is an event for it
// also while nothing else is to be told.
func TestHE5_BY12_StepsOfAccessWhilePending(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Events()
	w.edit("ada", disabled)
	w.wantOnce("kept out", "Normal NotRequired Nobody who is kept out is invited.", eventDisabled)
	w.Clock.Step(6 * time.Minute)
	w.edit("ada", enabled)
	w.wantOnce("let in again", "Normal AccessEnabled Access is enabled again. Waits for the person to follow the link and accept.")
	w.wantSteps("both", "AccessDisabled", "AccessEnabled")
}

// A step is recorded when it takes effect, and not while a rail keeps the person
// or the backend does not answer; whatever is lost on the way, it is recorded once.
func TestHE5_BY12_AStepIsRecordedWhenItTakesEffect(t *testing.T) {
	unavailable := directory.Errorf(directory.KindUnavailable, "hold", "it went wrong")
	for name, test := range map[string]struct {
		prevent func(*world) (allow func())
		want    []string
	}{
		"a rail": {func(w *world) func() {
			w.safely(protecting(ada))
			return func() { w.approve("ada") }
		}, nil},
		"the backend": {func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyMember, Err: unavailable})
		}, nil},
		"the backend's reply": {func(w *world) func() {
			return w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodApplyMember, Err: unavailable, After: true})
		}, nil},
		"the ledger": {func(w *world) func() {
			w.holdings.err = unavailable
			return func() { w.holdings.err = nil }
		}, nil},
		"the ledger's reply": {func(w *world) func() {
			w.holdings.lost = unavailable
			return func() { w.holdings.lost = nil }
		}, []string{"AccessDisabled"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.joined("ada")
			allow := test.prevent(w)
			w.edit("ada", disabled)
			for range 2 {
				_, _ = w.try("ada")
			}
			w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
			w.wantSteps("prevented", test.want...)
			allow()
			for range 2 {
				w.look("ada")
			}
			w.wantCondition("ada", v1alpha1.ConditionAccepted, "False AccessDisabled")
			w.wantSteps("allowed", "AccessDisabled")
		})
	}
}

// A step is recorded as soon as it has taken effect, although what comes after it
// fails.
func TestHE5_BY12_AStepIsRecordedAlthoughTheRestFails(t *testing.T) {
	w := newWorld(t, testkit.User("ada", withRoles(v1alpha1.RoleGrant{Name: "clinician"})))
	w.Provide(testkit.Role("clinician"))
	w.joined("ada")
	w.edit("ada", disabled)
	withdraw := w.Memory.Inject(directorytest.Fault{
		Method: directorytest.MethodApplyAccess, Err: directory.Errorf(directory.KindUnavailable, "apply access", "it went wrong"),
	})
	w.edit("ada", withRoles())
	_, _ = w.try("ada")
	w.wantCondition("ada", v1alpha1.ConditionAccessApplied, "False BackendUnavailable")
	w.wantSteps("she is kept out", "AccessDisabled")
	withdraw()
	w.look("ada")
	w.wantSteps("and once", "AccessDisabled")
}

// Whoever takes a membership over takes over how it stands: it is the same
// person, and nothing has happened to them.
func TestHE5_BY12_AStepOutlivesARenamedManifest(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	w.edit("ada", disabled)
	w.look("ada")
	w.Apply(testkit.User("renamed", addressed(ada), disabled))
	w.remove("ada")
	w.look("ada")
	for range 2 {
		w.look("renamed")
	}
	w.wantCondition("renamed", v1alpha1.ConditionAccepted, "False AccessDisabled")
	w.wantSteps("handed over as it stood", "AccessDisabled", "HandedOver")
	w.edit("renamed", enabled)
	w.look("renamed")
	w.wantSteps("and let in again", "AccessDisabled", "HandedOver", "AccessEnabled")
}

// Somebody who is kept out while a changed address waits to be confirmed stands
// so under both.
func TestHE5_BY12_AStepWhileMoving(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Email = "lovelace@example.com" })
	w.sent("ada")
	for _, edit := range []func(*v1alpha1.User){disabled, enabled, suspending(true), suspending(false)} {
		w.edit("ada", edit)
		w.look("ada")
		w.look("ada")
	}
	w.wantSteps("under the address in force", "AccessDisabled", "AccessEnabled", "Suspended", "Resumed")
}

// An address that somebody gave up while they were kept out is taken over as it
// stands, also by who is to confirm it first.
func TestHE5_BY12_AStepOutlivesAChangedAddress(t *testing.T) {
	const taken = "lovelace@example.com"
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	if err := w.Ledger.Hold(w.Context(), directory.Holding{
		Organization: stage.OrganizationID(), Address: taken, Holder: "gone",
		Origin: directory.HoldingCreated, Standing: directory.HoldingDisabled,
	}, ""); err != nil {
		t.Fatal(err)
	}
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Email = taken })
	w.sent("ada")
	held, err := w.Ledger.Holding(w.Context(), stage.OrganizationID(), taken)
	if err != nil || held.Holder != "ada" || held.Standing != directory.HoldingDisabled {
		t.Errorf("%+v, %v; want that ada holds it as it stands", held, err)
	}
}
