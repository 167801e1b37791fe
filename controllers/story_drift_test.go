package controllers_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// What somebody changed in the backend is found by a listing and made as
// declared again, by the User alone whose member differs.
func TestStory_BY7_DriftIsCorrected(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	backend := w.directory()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) {
		s.Profile.Title = "Countess"
		s.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}}
	})
	w.in(ada, user("grace", "grace@example.com"))
	org := w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionFalse, v1alpha1.ReasonInSync)

	must(t, backend.ApplyAccess(w.ctx, w.tenant(), "ada@example.com", directory.Access{Grants: []directory.Grant{{Role: "manager"}}}))
	_, err := backend.ApplyMember(w.ctx, directory.Member{
		Organization: w.tenant(), Address: "ada@example.com", Profile: directory.Profile{Title: "Empress"}, State: directory.MemberInvited,
	})
	must(t, err)
	w.resync()
	w.eventually("she is as declared again", func() (bool, string) {
		m, err := backend.Member(w.ctx, w.tenant(), "ada@example.com")
		must(t, err)
		diff := cmp.Diff([]directory.Grant{{Role: "clinician"}}, m.Access.Grants)
		return diff == "" && m.Profile.Title == "Countess", m.Profile.Title + diff
	})
	org = w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionFalse, v1alpha1.ReasonInSync)
	if got := org.Status.Members; got == nil || *got != (v1alpha1.ObservedMembers{Total: 2}) {
		t.Errorf("status.members is %+v, want two", got)
	}
}

// Who is in the backend and declared by nobody is ignored, counted, or removed,
// as the organization chooses; protected people are never removed.
func TestStory_BY7_UndeclaredMembers(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	backend := w.directory()
	w.retained("eve", "owner")
	w.in(user("ada", "ada@example.com"))
	// Whoever came a moment ago may have a User on its way.
	w.travel(11 * time.Minute)

	org := w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionTrue, v1alpha1.ReasonUndeclaredMembers)
	if got := org.Status.Members; got == nil || *got != (v1alpha1.ObservedMembers{Total: 3, Undeclared: 2}) {
		t.Errorf("status.members is %+v, want two of three undeclared", got)
	}
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Membership.Undeclared = v1alpha1.UndeclaredIgnore })
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionFalse, v1alpha1.ReasonInSync)

	w.editOrganization(func(s *v1alpha1.OrganizationSpec) {
		s.Membership.Undeclared, s.Safety.ProtectedEmails = v1alpha1.UndeclaredRemove, []string{"OWNER@example.com"}
	})
	w.eventually("eve is removed", func() (bool, string) { return !w.isIn(backend, "eve@example.com"), "she is in" })
	org = w.resync()
	if !w.isIn(backend, "owner@example.com") || !w.isIn(backend, "ada@example.com") {
		t.Error("somebody was removed who is protected or declared")
	}
	if got := org.Status.Members; got == nil || *got != (v1alpha1.ObservedMembers{Total: 2, Undeclared: 1}) {
		t.Errorf("status.members is %+v, want the protected one undeclared", got)
	}
}

// Where drift is only reported, what somebody changed is counted and left, also
// when the manager starts anew, until the User is edited.
func TestStory_BY7_DriftIsReported(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	backend := w.directory()
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Membership.Drift = v1alpha1.DriftReport })
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) { s.Profile.Title = "Countess" })
	w.in(ada)
	title := func() string {
		m, err := backend.Member(w.ctx, w.tenant(), "ada@example.com")
		must(t, err)
		return m.Profile.Title
	}
	_, err := backend.ApplyMember(w.ctx, directory.Member{
		Organization: w.tenant(), Address: "ada@example.com", Profile: directory.Profile{Title: "Empress"}, State: directory.MemberInvited,
	})
	must(t, err)
	org := w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionTrue, v1alpha1.ReasonMembersDiffer)
	if got := org.Status.Members; got == nil || *got != (v1alpha1.ObservedMembers{Total: 1, Drifted: 1}) {
		t.Errorf("status.members is %+v, want one drifted", got)
	}
	w.restart()
	sees(w, ada, v1alpha1.ConditionProvisioned, metav1.ConditionTrue, v1alpha1.ReasonMembersDiffer)
	if got := title(); got != "Empress" {
		t.Errorf("she is %q again, and drift is only reported", got)
	}
	edit(w, ada, func(u *v1alpha1.User) { u.Spec.Profile.GivenName = "Ada" })
	w.eventually("an edit applies all of it", func() (bool, string) { return title() == "Countess", title() })
	org = w.resync()
	sees(w, org, v1alpha1.ConditionDriftDetected, metav1.ConditionFalse, v1alpha1.ReasonInSync)
}
