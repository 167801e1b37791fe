package user_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// accessWorld has units and roles to give.
func accessWorld(t *testing.T, users ...*v1alpha1.User) *world {
	t.Helper()
	w := newWorld(t)
	w.Provide(testkit.BusinessUnit("north"), testkit.BusinessUnit("south"), testkit.Role("clinician"), testkit.Role("manager"),
		testkit.Role("lead", func(r *v1alpha1.Role) { r.Spec.Level = v1alpha1.RoleLevelBusinessUnit }))
	for _, u := range users {
		w.Apply(u)
	}
	return w
}

func (w *world) grant(access directory.Access) {
	w.Helper()
	if err := w.Memory.ApplyAccess(w.Context(), stage.OrganizationID(), ada, access); err != nil {
		w.Fatal(err)
	}
}

func (w *world) wantAccess(reason string, want directory.Access) {
	w.Helper()
	m, _ := w.member(ada)
	if diff := cmp.Diff(want, m.Access); diff != "" {
		w.Errorf("%s: access (-want +got):\n%s", reason, diff)
	}
}

// Omitted means that the backend keeps what it has, [] means none, and a list
// is the whole of it; roles and units apart.
func TestHR5b_OmittedEmptyAndListed(t *testing.T) {
	clinician, lead := directory.Grant{Role: "clinician"}, directory.Grant{Role: "lead", Unit: "south"}
	had := directory.Access{Grants: []directory.Grant{clinician}, Units: []string{"north"}}
	for name, test := range map[string]struct {
		reason string
		edit   func(*v1alpha1.User)
		want   directory.Access
	}{
		"omitted":     {"not managed", func(*v1alpha1.User) {}, had},
		"no roles":    {"units are not managed", withRoles(), directory.Access{Units: []string{"north"}}},
		"no units":    {"roles are not managed", withUnits(), directory.Access{Grants: []directory.Grant{clinician}}},
		"neither":     {"none of both", func(u *v1alpha1.User) { withRoles()(u); withUnits()(u) }, directory.Access{}},
		"other units": {"a list is the whole of it", withUnits("south"), directory.Access{Grants: []directory.Grant{clinician}, Units: []string{"south"}}},
		"more units":  {"one or more", withUnits("south", "north"), directory.Access{Grants: []directory.Grant{clinician}, Units: []string{"north", "south"}}},
		"other roles": {
			"a list is the whole of it", withRoles(v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "south"}),
			directory.Access{Grants: []directory.Grant{lead}, Units: []string{"north"}},
		},
		"twice": {"a set", withRoles(v1alpha1.RoleGrant{Name: "clinician"}, v1alpha1.RoleGrant{Name: "clinician"}), had},
	} {
		t.Run(name, func(t *testing.T) {
			w := accessWorld(t, testkit.User("ada"))
			w.settle(ada)
			w.grant(had)
			w.edit("ada", test.edit)
			w.look("ada")
			got, _ := w.member(ada)
			if diff := cmp.Diff(test.want, got.Access, equateEmpty()); diff != "" {
				t.Errorf("%s: access (-want +got):\n%s", test.reason, diff)
			}
			w.wantCondition("ada", v1alpha1.ConditionAccessApplied, "True Succeeded")
		})
	}
}

// Access that somebody changed in the backend is brought back, where it is
// managed; a backend that has it already is not written to.
func TestBY7_DriftInAccess(t *testing.T) {
	declared := directory.Access{Grants: []directory.Grant{{Role: "clinician"}, {Role: "lead", Unit: "south"}}, Units: []string{"north", "south"}}
	w := accessWorld(t, testkit.User("ada", withUnits("south", "north"),
		withRoles(v1alpha1.RoleGrant{Name: "lead", BusinessUnit: "south"}, v1alpha1.RoleGrant{Name: "clinician"})))
	w.look("ada")
	w.wantAccess("as declared", declared)
	n := len(w.Memory.Writes())
	w.look("ada")
	if writes := w.Memory.Writes()[n:]; len(writes) > 0 {
		t.Errorf("wrote %v, and nothing differed", writes)
	}
	if calls := w.Memory.Calls(directorytest.MethodApplyAccess); calls != 1 {
		t.Errorf("asked for access %d times, want once", calls)
	}
	w.grant(directory.Access{Grants: []directory.Grant{{Role: "manager"}}})
	w.look("ada")
	w.wantAccess("brought back", declared)
}

// Roles and units wait with the person, and hold from the moment of acceptance.
func TestHD1_AccessBeforeAndAfterAcceptance(t *testing.T) {
	w := accessWorld(t, testkit.User("ada", withUnits("north"), withRoles(v1alpha1.RoleGrant{Name: "clinician"})))
	w.sent("ada")
	w.wantConditions("ada", "recorded", pending())
	want := directory.Access{Grants: []directory.Grant{{Role: "clinician"}}, Units: []string{"north"}}
	w.wantAccess("recorded", want)
	w.Accept(ada, "Ada")
	w.wantAccess("at once, without us", want)
	w.look("ada")
	w.wantConditions("ada", "in force", in())
}

// A Role or BusinessUnit that goes while a User names it takes its grants along;
// the User waits for it, and keeps everything else.
func TestHR5a_ANamedRoleGoes(t *testing.T) {
	w := accessWorld(t, testkit.User("ada", withUnits("north"), withRoles(v1alpha1.RoleGrant{Name: "clinician"}, v1alpha1.RoleGrant{Name: "manager"})))
	w.sent("ada")
	stage.Delete[v1alpha1.Role](w.Stage, "manager")
	if err := w.Memory.RemoveRole(w.Context(), stage.OrganizationID(), "manager"); err != nil {
		t.Fatal(err)
	}
	w.look("ada")
	w.wantConditions("ada", "waits, and is still invited", pending(v1alpha1.ConditionReady, "False ReferenceNotFound",
		v1alpha1.ConditionReconciling, "True Progressing", v1alpha1.ConditionReferencesResolved, "False ReferenceNotFound"))
	w.wantAccess("keeps the rest", directory.Access{Grants: []directory.Grant{{Role: "clinician"}}, Units: []string{"north"}})
	w.Provide(testkit.Role("manager"))
	w.look("ada")
	w.wantConditions("ada", "has it again", pending())
	w.wantAccess("has it again", directory.Access{Grants: []directory.Grant{{Role: "clinician"}, {Role: "manager"}}, Units: []string{"north"}})
}
