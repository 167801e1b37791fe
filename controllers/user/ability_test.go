package user_test

import (
	"strings"
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

// plain can hold an active or inactive person with a name, and nothing else.
func plain(c *directory.Capabilities) {
	c.Units, c.NestedUnits, c.Roles, c.UnitGrants, c.Permissions = false, false, false, false, false
	c.Fields = []directory.ProfileField{directory.FieldDisplayName}
	c.Removals = []directory.Removal{directory.RemovalDisable}
}

// What the backend cannot hold is told at once and all together, before
// anything is looked for or done, and what there is stays.
func TestBY11_BY2_UnsupportedIsTold(t *testing.T) {
	w := newWorld(t, testkit.User("ada", withUnits("north"), withRoles(v1alpha1.RoleGrant{Name: "lead"}), func(u *v1alpha1.User) {
		u.Spec.Profile.Title, u.Spec.Profile.Attributes = "Countess", map[string]v1alpha1.AttributeValue{"license": "E5"}
		u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyDelete
	}))
	w.Backends.Limit(plain)
	if result := w.look("ada"); !result.IsZero() {
		t.Errorf("looks again, and only an edit helps: %v", result)
	}
	told := untouched(v1alpha1.ConditionReady, "False Unsupported", v1alpha1.ConditionStalled, "True Unsupported", v1alpha1.ConditionReferencesResolved, "False Unsupported")
	w.wantConditions("ada", "told", told)
	const says = "The embedded backend does not support spec.businessUnits, spec.profile.attributes.license, spec.profile.title, " +
		"spec.removalPolicy Delete, spec.roles: take that away, or choose another backend; it can do the removal policies Disable, Retain."
	if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionStalled); got != says {
		t.Errorf("it says\n%s\nwant\n%s", got, says)
	}
	if _, there := w.member("ada@example.com"); there || len(w.get("ada").Finalizers) > 0 {
		t.Error("something was done")
	}
	if _, invited := w.invitation("ada@example.com"); invited {
		t.Error("somebody was invited")
	}
	w.edit("ada", func(u *v1alpha1.User) {
		u.Spec.BusinessUnits, u.Spec.Roles, u.Spec.Profile = nil, nil, v1alpha1.Profile{DisplayName: "Ada"}
		u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRemove
	})
	w.sent("ada")
	w.wantConditions("ada", "the fields are gone", pending())
}

// Whoever is in stays as they are when the backend can do less, and goes on when
// it can do it again.
func TestBY11_ABackendThatCanDoLess(t *testing.T) {
	w := newWorld(t)
	w.Provide(testkit.BusinessUnit("north"))
	w.Apply(testkit.User("ada", withUnits("north")))
	w.sent("ada")
	if err := w.Memory.Activate(w.Context(), stage.OrganizationID(), "ada@example.com", ""); err != nil {
		t.Fatal(err)
	}
	w.look("ada")
	is, _ := w.member("ada@example.com")
	writes := len(w.Memory.Writes())
	w.Backends.Limit(plain)
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Profile.DisplayName = "Ada King" })
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionReady, "False Unsupported")
	now, _ := w.member("ada@example.com")
	if diff := cmp.Diff(is, now); diff != "" || len(w.Memory.Writes()) != writes {
		t.Errorf("something was changed (-was +is):\n%s", diff)
	}
	w.Backends.Limit(nil)
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionReferencesResolved, "True Succeeded")
	if now, _ = w.member("ada@example.com"); now.Profile.DisplayName != "Ada King" {
		t.Errorf("the member is %v", now)
	}
}

// Remove stands where nobody said anything: it holds nobody up before somebody
// goes, and then nothing is revoked or removed until it is edited.
func TestHE5_BY11_ARemovalThatCannotBe(t *testing.T) {
	for name, test := range map[string]struct {
		policy v1alpha1.RemovalPolicy
		state  directory.MemberState
	}{
		"Disable": {v1alpha1.RemovalPolicyDisable, directory.MemberDisabled},
		"Retain":  {v1alpha1.RemovalPolicyRetain, directory.MemberInvited},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.Backends.Limit(plain)
			w.sent("ada")
			w.remove("ada")
			if result := w.look("ada"); !result.IsZero() {
				t.Errorf("looks again, and only an edit helps: %v", result)
			}
			w.wantCondition("ada", v1alpha1.ConditionStalled, "True Unsupported")
			const says = "The embedded backend cannot do spec.removalPolicy Remove: set it to one of Disable, Retain; the person stays as they are until then."
			if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionReady); got != says {
				t.Errorf("it says\n%s\nwant\n%s", got, says)
			}
			if i, _ := w.invitation("ada@example.com"); i.State != directory.InvitationPending {
				t.Errorf("the invitation is %s", i.State)
			}
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = test.policy })
			w.look("ada")
			if m, there := w.member("ada@example.com"); w.get("ada") != nil || !there || m.State != test.state {
				t.Errorf("the member is %v", m)
			}
		})
	}
	// Who was never given to the backend has nobody to remove there.
	w := newWorld(t, testkit.User("ada"))
	w.Backends.Limit(plain)
	w.edit("ada", func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} })
	w.remove("ada")
	w.look("ada")
	if w.get("ada") != nil {
		t.Error("it waits, and holds nobody")
	}
}

// The account goes with the person where that is asked for.
func TestHE5_Delete(t *testing.T) {
	w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyDelete }))
	w.sent("ada")
	w.remove("ada")
	w.Events()
	w.look("ada")
	w.wantEvents("it tells so", "Normal Removed The person is removed from the backend, and the account with them.")
	if _, there := w.member("ada@example.com"); there {
		t.Error("the person is still there")
	}
}

// What the backend can do is asked for, and may not be found out.
func TestPromise_CapabilitiesThatCannotBeFoundOut(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.Backends.Deny(directory.Errorf(directory.KindUnavailable, "discover", "no answer"))
	if _, err := w.try("ada"); err == nil {
		t.Error("no error, so it is not tried again")
	}
	w.wantCondition("ada", v1alpha1.ConditionReferencesResolved, "False BackendUnavailable")
	w.Backends.Deny(nil)
	w.sent("ada")
	w.remove("ada")
	w.Backends.Deny(directory.Errorf(directory.KindUnavailable, "discover", "no answer"))
	if _, err := w.try("ada"); err == nil || w.get("ada") == nil {
		t.Error("it goes, and nobody knows whether the backend can do that")
	}
}

// In an Organization whose backend another one uses, nobody is invited, and
// whose Users go nothing is removed.
func TestBY11_HE5_ADisplacedOrganization(t *testing.T) {
	w := newWorld(t, testkit.User("ada"), testkit.User("grace"))
	w.sent("ada")
	stage.SetStatus(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) {
		status.Set(&o.Status.Conditions, 1, metav1.Condition{
			Type: v1alpha1.ConditionBackendReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonBackendInUse, Message: "Another one uses it.",
		})
	})
	w.look("grace")
	w.wantCondition("grace", v1alpha1.ConditionReferencesResolved, "False DependencyNotReady")
	w.remove("ada")
	w.look("ada")
	if w.get("ada") != nil {
		t.Fatal("it is still there")
	}
	if _, there := w.member("ada@example.com"); !there {
		t.Error("somebody was removed")
	}
	for _, write := range w.Memory.Writes() {
		if write.Method == directorytest.MethodRemoveMember || strings.HasPrefix(write.Key, "grace") {
			t.Errorf("the backend wrote %v", write)
		}
	}
	if i, open := w.invitation("ada@example.com"); open {
		t.Errorf("the invitation is %s", i.State)
	}
}
