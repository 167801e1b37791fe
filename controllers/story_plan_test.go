package controllers_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// wantPlan waits until the organization's plan is as said.
func (w *world) wantPlan(want *v1alpha1.OrganizationPlan) {
	w.Helper()
	org := sunrise()
	org.Namespace = w.namespace
	w.eventually("the plan", func() (bool, string) {
		must(w.T, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		diff := cmp.Diff(want, org.Status.Plan)
		return diff == "", "(-want +got)\n" + diff
	})
}

// While the mode is Plan the status tells what would be done, within seconds of
// every edit, and nothing is: nobody is mailed, changed or removed. Enforce does it.
func TestStory_BY5_PlanThenEnforce(t *testing.T) {
	w := newWorld(t)
	w.start()
	objects := clinic()
	org, ok := objects[0].(*v1alpha1.Organization)
	if !ok {
		t.Fatal("the first object is no Organization")
	}
	org.Spec.Mode = v1alpha1.ModePlan
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) { s.Roles = []v1alpha1.RoleGrant{{Name: "clinician"}} })
	bob := user("bob", "bob@example.com")
	w.create(objects...)
	w.create(ada, bob)
	invite := func(names ...string) *v1alpha1.OrganizationPlan {
		p := &v1alpha1.OrganizationPlan{Invite: int32(len(names))}
		for _, n := range names {
			p.Entries = append(p.Entries, v1alpha1.PlannedEntry{Action: v1alpha1.PlannedInvite, User: n})
		}
		return p
	}
	w.wantPlan(invite("ada", "bob"))
	w.create(user("carol", "carol@example.com"))
	w.wantPlan(invite("ada", "bob", "carol"))
	for _, o := range []client.Object{org, ada, objects[1]} {
		sees(w, o, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonPlanned)
	}
	if _, err := w.directory().ListMembers(w.ctx, w.tenant(), ""); err == nil || len(w.sink.Messages()) > 0 {
		t.Errorf("something was done: %d mails, the backend answers %v", len(w.sink.Messages()), err)
	}

	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModeEnforce })
	w.wantPlan(nil)
	for _, name := range []string{"ada", "bob", "carol"} {
		w.person().accept(w.mailTo(name+"@example.com").Link, "Somebody")
	}
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, "")
	sees(w, bob, v1alpha1.ConditionAccepted, metav1.ConditionTrue, "")
}

// One commit sets the mode to Plan and adds people: nobody of them is mailed,
// although each kind is watched on its own.
func TestStory_BY5_OneCommitThatPlansAndAdds(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	const many = 20
	users := make([]client.Object, many)
	for i := range users {
		users[i] = user(fmt.Sprintf("user-%02d", i), fmt.Sprintf("user-%02d@example.com", i))
	}
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModePlan })
	w.create(users...)
	for _, u := range users {
		sees(w, u, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonPlanned)
	}
	w.eventually("the plan", func() (bool, string) {
		org := sunrise()
		org.Namespace = w.namespace
		must(t, suite.client.Get(w.ctx, client.ObjectKeyFromObject(org), org))
		return org.Status.Plan != nil && org.Status.Plan.Invite == many, fmt.Sprintf("it is %+v", org.Status.Plan)
	})
	if n := len(w.sink.Messages()); n > 0 {
		t.Errorf("%d mails", n)
	}
}

// A deletion and an edit wait while the mode is Plan, and are told as what they
// would do.
func TestStory_BY5_DeletionsWaitForEnforce(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	backend := w.directory()
	ada, bob := user("ada", "ada@example.com"), user("bob", "bob@example.com")
	w.in(ada, bob)
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModePlan })
	w.wantPlan(&v1alpha1.OrganizationPlan{})

	edit(w, bob, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Doctor" })
	must(t, suite.client.Delete(w.ctx, ada))
	w.wantPlan(&v1alpha1.OrganizationPlan{Change: 1, Remove: 1, Entries: []v1alpha1.PlannedEntry{
		{Action: v1alpha1.PlannedRemove, User: "ada"}, {Action: v1alpha1.PlannedChange, User: "bob", Detail: "profile"},
	}})
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonPlanned)
	if !w.isIn(backend, "ada@example.com") {
		t.Error("she was removed")
	}
	w.editOrganization(func(s *v1alpha1.OrganizationSpec) { s.Mode = v1alpha1.ModeEnforce })
	w.gone(ada)
	w.eventually("bob is a doctor", func() (bool, string) {
		m, err := backend.Member(w.ctx, w.tenant(), "bob@example.com")
		must(t, err)
		return m.Profile.Title == "Doctor", m.Profile.Title
	})
	if w.isIn(backend, "ada@example.com") {
		t.Error("she is still in")
	}
}
