package user_test

import (
	"testing"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// drifting is a world in which ada is in, and whose organization does this
// about drift.
func drifting(t *testing.T, policy v1alpha1.DriftPolicy) *world {
	t.Helper()
	w := emptyWorld(t)
	w.Provide(
		testkit.Organization(func(o *v1alpha1.Organization) { o.Spec.Membership.Drift = policy }),
		testkit.Role("clinician"), testkit.Role("manager"))
	w.Apply(testkit.User("ada", withRoles(v1alpha1.RoleGrant{Name: "clinician"}), titled("Countess")))
	w.sent("ada")
	w.Accept(ada, "Ada")
	w.look("ada")
	return w
}

func titled(title string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Spec.Profile.Title = title }
}

// meddle is an administrator of the backend who changes the member by hand.
func (w *world) meddle() {
	w.Helper()
	m, _ := w.member(ada)
	m.Profile.Title = "Duchess"
	m.State = directory.MemberActive
	if _, err := w.Memory.ApplyMember(w.Context(), m.Member); err != nil {
		w.Fatal(err)
	}
	access := directory.Access{Grants: []directory.Grant{{Role: "manager"}}}
	if err := w.Memory.ApplyAccess(w.Context(), stage.OrganizationID(), ada, access); err != nil {
		w.Fatal(err)
	}
}

// wantMember compares title and role of ada in the backend.
func (w *world) wantMember(reason, title, role string) {
	w.Helper()
	m, _ := w.member(ada)
	if m.Profile.Title != title || len(m.Access.Grants) != 1 || m.Access.Grants[0].Role != role {
		w.Errorf("%s: title %q, grants %v; want %q and %q", reason, m.Profile.Title, m.Access.Grants, title, role)
	}
}

func TestBY7_DriftIsCorrected(t *testing.T) {
	w := drifting(t, v1alpha1.DriftCorrect)
	w.meddle()
	w.look("ada")
	w.wantMember("corrected", "Countess", "clinician")
	w.wantConditions("ada", "as if nothing had happened", in())
}

// Drift that is only reported stays until the User is edited, also when the
// status is lost; then all that is declared is applied.
func TestBY7_DriftIsReported(t *testing.T) {
	w := drifting(t, v1alpha1.DriftReport)
	w.meddle()
	reported := in(v1alpha1.ConditionProvisioned, "True MembersDiffer", v1alpha1.ConditionAccessApplied, "True MembersDiffer")
	w.look("ada")
	w.wantMember("left alone", "Duchess", "manager")
	w.wantConditions("ada", "told", reported)
	stage.SetStatus(w.Stage, "ada", func(u *v1alpha1.User) { u.Status = v1alpha1.UserStatus{} })
	w.look("ada")
	w.wantMember("left alone after a restore", "Duchess", "manager")
	w.wantConditions("ada", "told again", reported)
	w.edit("ada", titled("Princess"))
	w.look("ada")
	w.wantMember("an edit applies all of it", "Princess", "clinician")
	w.wantConditions("ada", "as declared", in())
}

// Whom somebody removed in the backend is not put back where drift is only
// reported, and is where it is corrected.
func TestBY7_SomebodyIsRemovedInTheBackend(t *testing.T) {
	for policy, back := range map[v1alpha1.DriftPolicy]bool{v1alpha1.DriftReport: false, v1alpha1.DriftCorrect: true} {
		w := drifting(t, policy)
		if err := w.Memory.RemoveMember(w.Context(), stage.OrganizationID(), ada, directory.RemovalDrop); err != nil {
			t.Fatal(err)
		}
		w.look("ada")
		if _, is := w.member(ada); is != back {
			t.Errorf("%s: the member is there: %t", policy, is)
		}
		w.wantCondition("ada", v1alpha1.ConditionAccepted, "False Revoked")
		if n := w.Deliver(directory.ResultSent, ""); n != 0 {
			t.Errorf("%s: %d mails to somebody who was removed", policy, n)
		}
	}
}
