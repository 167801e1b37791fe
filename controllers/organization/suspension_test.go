package organization_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func suspending(is bool) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) { o.Spec.Suspend = is }
}

const (
	eventSuspended = "Normal Suspended Suspended by spec.suspend: nothing is sent, changed or removed in the organization."
	eventResumed   = "Normal Resumed Not suspended any more: work goes on where it was."
)

// wantTold looks twice, with a manager that has just started in between, and
// compares the events, and what the audit trail says about the organization's
// suspension, oldest first.
func (w *world) wantTold(reason string, events []string, trail ...string) {
	w.Helper()
	w.look()
	w.start()
	w.look()
	if diff := cmp.Diff(events, w.Events()); diff != "" {
		w.Errorf("%s: events (-want +got):\n%s", reason, diff)
	}
	entries, err := w.Ledger.Audit(w.Context(), stage.OrganizationID(), "", 0)
	must(w, err)
	var got []string
	for i := range entries {
		switch a := string(entries[i].Action); a {
		case "Suspended", "Resumed", "OrganizationRemoved":
			got = append(got, a)
		}
	}
	slices.Reverse(got)
	if diff := cmp.Diff(trail, got); diff != "" {
		w.Errorf("%s: audit trail (-want +got):\n%s", reason, diff)
	}
}

// A suspension and its end are one event and one entry each.
func TestBY2_BY12_ASuspensionIsToldOnce(t *testing.T) {
	w := newWorld(t, testkit.Organization(suspending(true)))
	w.wantTold("suspended from the first, and known to nobody", []string{eventSuspended})
	w.edit(suspending(false))
	w.wantTold("resumed", []string{"Normal Succeeded The backend knows the organization as declared.", eventResumed})
	w.edit(suspending(true))
	w.wantTold("suspended", []string{eventSuspended}, "Suspended")
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Suspend, o.Spec.Mode = false, v1alpha1.ModePlan })
	w.wantTold("resumed to plan, which writes nothing", []string{eventResumed}, "Suspended")
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Mode = v1alpha1.ModeEnforce })
	w.wantTold("and to work", nil, "Suspended", "Resumed")
}

// A suspension holds while it cannot be recorded, and is recorded as soon as it
// can be.
func TestBY8_BY12_ASuspensionThatCannotBeRecorded(t *testing.T) {
	w := inUse(t)
	w.edit(suspending(true))
	w.records.err = directory.Errorf(directory.KindUnavailable, "suspend", "it went wrong")
	if again := w.look().RequeueAfter; again <= 0 || again > 15*time.Second {
		t.Errorf("looks again after %s, want soon", again)
	}
	w.wantCondition("suspended", v1alpha1.ConditionReady, "True Suspended")
	w.records.err = nil
	w.wantTold("recorded", []string{eventSuspended}, "Suspended")
}

// A deletion that waited for the end of a suspension tells of both.
func TestBY2_BY12_ASuspensionThatADeletionEnds(t *testing.T) {
	for name, test := range map[string]struct {
		edit  func(*v1alpha1.Organization)
		event string
		trail []string
	}{
		"Retain": {
			func(*v1alpha1.Organization) {},
			"Normal Retained The organization stays in the backend with everybody in it, as spec.deletionPolicy says.",
			[]string{"Suspended", "Resumed"},
		},
		"Remove": {
			removable, "Normal Removed The organization is removed from the backend with everybody in it.",
			[]string{"Suspended", "Resumed", "OrganizationRemoved"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := inUse(t, test.edit)
			w.edit(suspending(true))
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
			w.wantTold("the deletion waits", []string{eventSuspended}, "Suspended")
			w.edit(suspending(false))
			w.wantTold("it goes on", []string{eventResumed, test.event}, test.trail...)
		})
	}
}
