package businessunit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// Where there are no units, every unit says so, and nothing is done for it; it
// goes again without a word.
func TestBY11_NoUnitsHere(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("north"))
	w.Provide(testkit.Organization())
	before := len(w.Memory.Writes())
	w.Backends.Limit(func(c *directory.Capabilities) { c.Units = false })
	w.look("north")
	w.wantConditions("north", "told", map[string]string{
		v1alpha1.ConditionReady: "False Unsupported", v1alpha1.ConditionStalled: "True Unsupported",
		v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionProvisioned: "False Unsupported",
	})
	if got, want := w.message("north"), "The embedded backend has no place for any BusinessUnit: delete this one, or choose another backend."; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if n := len(w.Memory.Writes()); n != before {
		t.Errorf("the backend wrote %v", w.Memory.Writes()[before:])
	}
	w.Backends.Limit(nil)
	w.look("north")
	w.wantConditions("north", "the backend can do it", known())
}

// Where units are flat, the tree is kept here.
func TestBY11_FlatUnits(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("north"), testkit.BusinessUnit("ward", below("north")))
	w.Provide(testkit.Organization())
	w.Backends.Limit(func(c *directory.Capabilities) { c.NestedUnits = false })
	w.look("north", "ward")
	w.wantConditions("ward", "held, and not below another", known())
	if got := w.get("ward").Status.Path; got != "north/ward" {
		t.Errorf("path %q", got)
	}
	const says = "The backend knows the unit, and no units within units: what this one lies in is known here, in status.path."
	if got := stage.Message(w.get("ward").Status.Conditions, v1alpha1.ConditionProvisioned); got != says {
		t.Errorf("it says %q", got)
	}
	if got := stage.Message(w.get("north").Status.Conditions, v1alpha1.ConditionProvisioned); got != "The backend knows the unit as declared." {
		t.Errorf("the one at the top says %q", got)
	}
	// The parent is not asked for: it is gone from the backend, and the unit is applied.
	if err := w.Memory.RemoveUnit(w.Context(), stage.OrganizationID(), "north"); err != nil {
		t.Fatal(err)
	}
	w.look("ward")
	w.wantConditions("ward", "nothing above it in the backend", known())
}

// Nothing is removed where another Organization uses the backend.
func TestBY11_HE5_ADisplacedOrganization(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("north"))
	w.Provide(testkit.Organization())
	w.look("north")
	stage.SetStatus(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) {
		status.Set(&o.Status.Conditions, 1, metav1.Condition{Type: v1alpha1.ConditionBackendReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonBackendInUse})
	})
	stage.Delete[v1alpha1.BusinessUnit](w.Stage, "north")
	w.look("north")
	wrote := w.Memory.Writes()
	if diff := cmp.Diff(directorytest.MethodApplyUnit, wrote[len(wrote)-1].Method); diff != "" || w.get("north") != nil {
		t.Errorf("the last write of the backend (-want +got):\n%s", diff)
	}
}

func TestPromise_CapabilitiesThatCannotBeFoundOut(t *testing.T) {
	w := newWorld(t, testkit.BusinessUnit("north"))
	w.Provide(testkit.Organization())
	w.Backends.Deny(directory.Errorf(directory.KindUnavailable, "discover", "no answer"))
	if _, err := stage.Reconcile(w.Stage, w.units, "north"); err == nil || len(w.get("north").Finalizers) > 0 {
		t.Errorf("error %v, finalizers %v: nothing is done before it is known", err, w.get("north").Finalizers)
	}
}
