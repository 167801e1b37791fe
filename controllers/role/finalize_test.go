package role_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// What becomes of a Role that goes depends on its Organization: with one that
// is gone, or goes, nothing is removed and nobody waits; while it is suspended
// or only plans, the deletion waits and says so.
func TestHR1_RemovalWithoutTheOrganization(t *testing.T) {
	edit := func(change func(*v1alpha1.Organization)) func(*world) {
		return func(w *world) { stage.Edit(w.Stage, testkit.Clinic, change) }
	}
	for name, test := range map[string]struct {
		given         func(*world)
		gone, removed bool
		ready         string
	}{
		"organization gone": {func(w *world) { stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic) }, true, false, ""},
		"organization goes": {func(w *world) {
			edit(func(o *v1alpha1.Organization) { o.Finalizers = []string{v1alpha1.Finalizer} })(w)
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
		}, true, false, ""},
		"organization suspended": {edit(func(o *v1alpha1.Organization) { o.Spec.Suspend = true }), false, false, "True Suspended"},
		"organization plans":     {edit(func(o *v1alpha1.Organization) { o.Spec.Mode = v1alpha1.ModePlan }), false, false, "True Planned"},
		"organization stays":     {func(*world) {}, true, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.Role("clinician"))
			w.look("clinician")
			org := stage.OrganizationID()
			_, err := w.Memory.ApplyMember(w.Context(), directory.Member{Organization: org, Address: "ada@example.com", State: directory.MemberInvited})
			must(w, err)
			must(w, w.Memory.ApplyAccess(w.Context(), org, "ada@example.com", directory.Access{Grants: []directory.Grant{{Role: "clinician"}}}))
			test.given(w)
			stage.Delete[v1alpha1.Role](w.Stage, "clinician")
			w.look("clinician")
			w.look("clinician")
			if gone := w.get("clinician") == nil; gone != test.gone {
				t.Errorf("gone %t, want %t", gone, test.gone)
			}
			if !test.gone {
				if got := stage.Condition(w.get("clinician").Status.Conditions, v1alpha1.ConditionReady); got != test.ready {
					t.Errorf("Ready is %q, want %q", got, test.ready)
				}
			}
			m, err := w.Memory.Member(w.Context(), org, "ada@example.com")
			must(w, err)
			if kept := len(m.Access.Grants) > 0; kept == test.removed {
				t.Errorf("it is still in the backend: %t, want %t", kept, !test.removed)
			}
		})
	}
}
