package role_test

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

// What a backend cannot hold of roles is told by each, and nothing is done.
func TestBY11_NoRolesHere(t *testing.T) {
	noRoles := func(c *directory.Capabilities) { c.Roles = false }
	flat := func(c *directory.Capabilities) { c.UnitGrants = false }
	for name, test := range map[string]struct {
		limit func(*directory.Capabilities)
		edit  func(*v1alpha1.Role)
		says  string
	}{
		"no roles":          {noRoles, func(*v1alpha1.Role) {}, "The embedded backend has no place for any Role: delete this one, or choose another backend."},
		"none within units": {flat, within, "The embedded backend cannot grant a role within a unit, as spec.level BusinessUnit asks for: apply another Role of level Organization, or choose another backend."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.Role("lead", test.edit))
			before := len(w.Memory.Writes())
			w.Backends.Limit(test.limit)
			w.look("lead")
			w.wantConditions("lead", "told", map[string]string{
				v1alpha1.ConditionReady: "False Unsupported", v1alpha1.ConditionStalled: "True Unsupported",
				v1alpha1.ConditionReferencesResolved: "True Succeeded", v1alpha1.ConditionProvisioned: "False Unsupported",
			})
			if got := w.message("lead"); got != test.says {
				t.Errorf("it says\n%s\nwant\n%s", got, test.says)
			}
			if n := len(w.Memory.Writes()); n != before {
				t.Errorf("the backend wrote %v", w.Memory.Writes()[before:])
			}
			w.Backends.Limit(nil)
			w.look("lead")
			w.wantConditions("lead", "the backend can do it", known())
		})
	}
}

// Where a role is a name, what it permits is known here, and the role is ready.
func TestBY11_PermissionsAreOurs(t *testing.T) {
	w := newWorld(t, testkit.Role("lead", func(r *v1alpha1.Role) { r.Spec.Permissions = []v1alpha1.Permission{"notes.read"} }), testkit.Role("member"))
	w.Backends.Limit(func(c *directory.Capabilities) { c.Permissions = false })
	w.look("lead", "member")
	w.wantConditions("lead", "held by name", known())
	w.wantPermissions("lead", "they are ours", "notes.read")
	const says = "The backend knows the role by its name only: what it permits is known here, in status.effectivePermissions."
	if got := stage.Message(w.get("lead").Status.Conditions, v1alpha1.ConditionProvisioned); got != says {
		t.Errorf("it says %q", got)
	}
	if got := stage.Message(w.get("member").Status.Conditions, v1alpha1.ConditionProvisioned); got != "The backend knows the role with all its permissions." {
		t.Errorf("one without permissions says %q", got)
	}
}

// Nothing is removed where another Organization uses the backend.
func TestBY11_HE5_ADisplacedOrganization(t *testing.T) {
	w := newWorld(t, testkit.Role("lead"))
	w.look("lead")
	stage.SetStatus(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) {
		status.Set(&o.Status.Conditions, 1, metav1.Condition{Type: v1alpha1.ConditionBackendReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonBackendInUse})
	})
	stage.Delete[v1alpha1.Role](w.Stage, "lead")
	w.look("lead")
	wrote := w.Memory.Writes()
	if diff := cmp.Diff(directorytest.MethodApplyRole, wrote[len(wrote)-1].Method); diff != "" || w.get("lead") != nil {
		t.Errorf("the last write of the backend (-want +got):\n%s", diff)
	}
}

func TestPromise_CapabilitiesThatCannotBeFoundOut(t *testing.T) {
	w := newWorld(t, testkit.Role("lead"))
	w.Backends.Deny(directory.Errorf(directory.KindUnavailable, "discover", "no answer"))
	if _, err := stage.Reconcile(w.Stage, w.roles, "lead"); err == nil || len(w.get("lead").Finalizers) > 0 {
		t.Errorf("error %v, finalizers %v: nothing is done before it is known", err, w.get("lead").Finalizers)
	}
}
