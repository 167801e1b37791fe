package user_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func suspending(is bool) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.Suspend = is }
}

const (
	eventSuspended = "Normal Suspended Suspended by spec.suspend: nothing is sent or changed."
	eventResumed   = "Normal Resumed Not suspended any more: work goes on where it was."
)

// A suspension and its end are one event and one entry each, of whomever the
// User manages by then; what else changed meanwhile is told beside.
func TestBY2_BY12_ASuspensionIsToldOnce(t *testing.T) {
	w := newWorld(t, testkit.User("ada", suspending(true)))
	w.wantOnce("suspended from the first", eventSuspended)
	w.wantSteps("nobody is managed yet")
	w.edit("ada", suspending(false))
	w.wantOnce("resumed", eventResumed)
	w.wantSteps("nobody was")
	w.joined("ada")
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Suspend, u.Spec.Access = true, v1alpha1.AccessDisabled })
	w.wantOnce("suspended", eventSuspended)
	w.wantSteps("suspended", "Suspended")
	w.edit("ada", suspending(false))
	w.wantOnce("resumed, and what was declared meanwhile takes effect", eventResumed, eventDisabled)
	w.wantSteps("resumed", "Suspended", "Resumed", "AccessDisabled")
	w.edit("ada", suspending(true))
	w.look("ada")
	w.edit("ada", suspending(false))
	w.wantOnce("suspended while kept out", eventSuspended, eventResumed)
	w.wantSteps("that she is kept out is no news", "Suspended", "Resumed", "AccessDisabled", "Suspended", "Resumed")
}

// A deletion that waited for the end of a suspension tells of both, also when a
// rail keeps the person then.
func TestBY2_BY12_ASuspensionThatADeletionEnds(t *testing.T) {
	for name, kept := range map[string]bool{"gone": false, "kept by a rail": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.joined("ada")
			if kept {
				w.safely(protecting(ada))
			}
			w.edit("ada", suspending(true))
			w.remove("ada")
			w.wantOnce("suspended", eventSuspended)
			w.edit("ada", suspending(false))
			w.look("ada")
			if kept {
				w.wantSteps("goes on", "Suspended", "Resumed")
				events := w.Events()
				if len(events) != 2 || !strings.HasPrefix(events[0], "Warning ProtectedMember ") || events[1] != eventResumed {
					t.Errorf("events %q, want that the rail keeps her, and that work goes on", events)
				}
				w.approve("ada")
				w.look("ada")
				w.wantEvents("at the end", "Normal Approved Somebody let this pass although the rail ProtectedMember stopped it.",
					"Normal Removed The person is removed from the backend.")
			} else {
				w.wantEvents("at the end", eventResumed, "Normal Removed The person is removed from the backend.")
			}
			w.wantSteps("gone", "Suspended", "Resumed", "Released")
		})
	}
}

// A suspension holds while it cannot be recorded, is recorded as soon as it can
// be, and is told once all the same.
func TestBY8_BY12_ASuspensionThatCannotBeRecorded(t *testing.T) {
	for name, lost := range map[string]bool{"no answer": false, "a lost answer": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.joined("ada")
			w.edit("ada", suspending(true))
			unavailable := directory.Errorf(directory.KindUnavailable, "hold", "it went wrong")
			w.holdings.err, w.holdings.lost = unavailable, nil
			if lost {
				w.holdings.err, w.holdings.lost = nil, unavailable
			}
			if again := w.look("ada").RequeueAfter; again <= 0 || again > 15*time.Second {
				t.Errorf("looks again after %s, want soon", again)
			}
			w.wantCondition("ada", v1alpha1.ConditionReady, "True Suspended")
			w.holdings.err, w.holdings.lost = nil, nil
			w.wantOnce("told once", eventSuspended)
			w.wantSteps("recorded once", "Suspended")
			w.edit("ada", suspending(false))
			w.holdings.err = unavailable
			_, _ = w.try("ada")
			w.wantCondition("ada", v1alpha1.ConditionReady, "False BackendUnavailable")
			w.wantEvents("told once", eventResumed)
			w.holdings.err = nil
			w.wantOnce("and not again", "Normal NotRequired The person is in.")
			w.wantSteps("recorded once", "Suspended", "Resumed")
		})
	}
}

// That the Organization is suspended is its own event, and not one for every
// User; a User that is suspended in it tells of itself.
func TestBY2_BY12_ASuspendedOrganizationIsNoEventOfItsUsers(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	stop := func(is bool) {
		stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { o.Spec.Suspend = is })
	}
	stop(true)
	w.wantOnce("the Organization is suspended")
	w.wantCondition("ada", v1alpha1.ConditionReady, "True Suspended")
	w.edit("ada", suspending(true))
	w.wantOnce("the User too", eventSuspended)
	stop(false)
	w.wantOnce("the User still is")
	stop(true)
	w.edit("ada", suspending(false))
	w.wantOnce("the User goes on when the Organization does", eventResumed)
	w.wantSteps("not before", "Suspended")
	stop(false)
	w.wantOnce("the Organization goes on")
	w.wantSteps("then", "Suspended", "Resumed")
}

// Whoever takes over from a User that is suspended is not: work goes on for the
// person.
func TestBY2_BY12_ASuspendedUserIsTakenOver(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	w.edit("ada", suspending(true))
	w.look("ada")
	w.edit("ada", func(u *v1alpha1.User) { u.Finalizers = nil })
	w.remove("ada")
	w.Apply(testkit.User("renamed", addressed(ada)))
	w.look("renamed")
	w.wantSteps("taken over", "Suspended", "HandedOver", "Resumed")
	w.look("renamed")
	w.wantSteps("and once", "Suspended", "HandedOver", "Resumed")
	w.wantCondition("renamed", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
}
