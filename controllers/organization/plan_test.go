package organization_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

func planning(o *v1alpha1.Organization) {
	o.Spec.Mode = v1alpha1.ModePlan
	o.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
}

func (w *world) wantPlan(reason string, want *v1alpha1.OrganizationPlan) {
	w.Helper()
	if diff := cmp.Diff(want, w.get().Status.Plan); diff != "" {
		w.Errorf("%s: plan (-want +got):\n%s", reason, diff)
	}
}

func planned(provisioned string) map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Planned", v1alpha1.ConditionBackendReady: "True Succeeded",
		v1alpha1.ConditionProvisioned: provisioned, v1alpha1.ConditionDriftDetected: "False InSync",
		v1alpha1.ConditionRemovalsPaused: "Unknown Progressing", v1alpha1.ConditionInvitationsPaused: "Unknown Progressing",
	}
}

// A tenant that does not exist yet is planned without being made: backend and
// ledger are only read. Enforce does it, and the plan is gone.
func TestBY5_PlanOfANewOrganization(t *testing.T) {
	w := newWorld(t, testkit.Organization(planning), testkit.User("ada"), testkit.User("bob"))
	w.look()
	w.wantConditions("planned", planned("True Planned"))
	w.wantPlan("two to be invited", &v1alpha1.OrganizationPlan{Invite: 2, Entries: []v1alpha1.PlannedEntry{
		{Action: v1alpha1.PlannedInvite, User: "ada"}, {Action: v1alpha1.PlannedInvite, User: "bob"},
	}})
	if users := w.get().Status.Users; users == nil || users.Total != 2 {
		t.Errorf("users %+v, want two", users)
	}
	if len(w.Memory.Writes()) > 0 || w.records.last.ID != "" || w.trail() > 0 || len(w.get().Finalizers) > 0 {
		t.Errorf("something was written: %v, %v", w.Memory.Writes(), w.get().Finalizers)
	}
	w.Writes()
	w.look()
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v, and nothing had changed", writes)
	}
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Mode = v1alpha1.ModeEnforce })
	w.look()
	w.wantPlan("enforced", nil)
	w.wantConditions("enforced", known())
}

// The plan of an organization that is in use says what is different from now on;
// what was done before stays said.
func TestBY5_PlanOfAnOrganizationInUse(t *testing.T) {
	w := settled(t, func(*v1alpha1.Organization) {}, "ada", "bob", "eve", "gone", "out")
	for _, name := range []string{"ada", "gone", "out"} {
		w.Apply(w.applied(testkit.User(name, func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} })))
	}
	w.look()
	w.edit(planning)
	w.Apply(testkit.User("bob"), testkit.User("new"))
	stage.Delete[v1alpha1.User](w.Stage, "gone")
	stage.Edit(w.Stage, "ada", func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" })
	stage.Edit(w.Stage, "out", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
	written, trail := len(w.Memory.Writes()), w.trail()
	w.look()
	eve, err := w.Memory.Member(w.Context(), stage.OrganizationID(), "eve@example.com")
	must(w, err)
	w.wantPlan("everything", &v1alpha1.OrganizationPlan{Invite: 1, Adopt: 1, Change: 1, Disable: 1, Remove: 2, Entries: []v1alpha1.PlannedEntry{
		{Action: v1alpha1.PlannedRemove, MemberID: eve.ID},
		{Action: v1alpha1.PlannedRemove, User: "gone"},
		{Action: v1alpha1.PlannedDisable, User: "out"},
		{Action: v1alpha1.PlannedChange, User: "ada", Detail: "profile"},
		{Action: v1alpha1.PlannedAdopt, User: "bob"},
		{Action: v1alpha1.PlannedInvite, User: "new"},
	}})
	want := planned("True Succeeded")
	want[v1alpha1.ConditionDriftDetected] = "True UndeclaredMembers"
	for _, rail := range []string{v1alpha1.ConditionRemovalsPaused, v1alpha1.ConditionInvitationsPaused} {
		want[rail] = "False NothingHeld"
	}
	w.wantConditions("in use", want)
	if len(w.Memory.Writes()) != written || w.trail() != trail || len(w.drifted) > 1 {
		t.Error("something was done")
	}
}

// A plan follows edits of Users without listing the members again and again, and
// is never older than a minute when somebody edits.
func TestBY5_PlanFollowsEdits(t *testing.T) {
	w := newWorld(t, testkit.Organization(planning))
	w.look()
	for i, name := range []string{"a", "b", "c"} {
		w.Apply(testkit.User(name))
		w.later(time.Second)
		if got := w.get().Status.Plan.Invite; got != int32(i)+1 {
			t.Errorf("%d to be invited, want %d", got, i+1)
		}
	}
	if n := w.Memory.Calls(directorytest.MethodListMembers); n != 1 {
		t.Errorf("%d listings, want one", n)
	}
	must(w, w.Memory.ApplyOrganization(w.Context(), directory.Organization{ID: stage.OrganizationID()}))
	w.member("a")
	w.later(time.Minute)
	w.wantCondition("somebody is there already", v1alpha1.ConditionReady, "True Planned")
	if got := w.get().Status.Plan; got.Invite != 2 || got.Adopt != 1 {
		t.Errorf("plan %+v, want two invited and one adopted", got)
	}
	w.edit(func(o *v1alpha1.Organization) { o.Annotations = map[string]string{v1alpha1.AnnotationResync: "1"} })
	lists := w.Memory.Calls(directorytest.MethodListMembers)
	w.look()
	if w.Memory.Calls(directorytest.MethodListMembers) != lists+1 || w.get().Status.ResyncRequestedAt != "1" {
		t.Error("a listing that was asked for was not made")
	}
}

// What cannot be known is said, and tried again.
func TestBY5_PlanWithoutAnAnswer(t *testing.T) {
	failure := directory.Errorf(directory.KindUnavailable, "list members", "no answer")
	w := newWorld(t, testkit.Organization(planning), testkit.User("ada"))
	withdraw := w.Memory.Inject(directorytest.Fault{Method: directorytest.MethodListMembers, Err: failure})
	if _, err := w.try(); err == nil {
		t.Error("it is not tried again")
	}
	w.wantCondition("no answer", v1alpha1.ConditionReady, "False "+verdict.Of(failure).Reason)
	withdraw()
	w.look()
	w.wantCondition("an answer", v1alpha1.ConditionReady, "True Planned")

	must(w, w.Memory.ApplyOrganization(w.Context(), directory.Organization{ID: stage.OrganizationID()}))
	w.member("eve")
	must(w, w.Memory.Omit(stage.OrganizationID(), "nobody@example.com"))
	w.later(2 * time.Hour)
	w.wantDrift("not vouched for", "Unknown IncompleteObservation")
	if got := w.get().Status.Plan; got.Remove > 0 {
		t.Errorf("%d would be removed after an incomplete listing", got.Remove)
	}

	w.edit(func(o *v1alpha1.Organization) { o.Spec.Mail.From = "office@-bad.com" })
	w.look()
	w.wantCondition("a wrong address", v1alpha1.ConditionReady, "False InvalidSpec")
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Mail.From = ""; on("main")(o) })
	w.look()
	w.wantCondition("no backend", v1alpha1.ConditionBackendReady, "False ReferenceNotFound")
	w.wantCondition("no backend", v1alpha1.ConditionProvisioned, "True Planned")
}

// While an organization is suspended nothing is done and nobody looks.
func TestBY2_Suspended(t *testing.T) {
	w := settled(t, removing, "eve")
	w.edit(func(o *v1alpha1.Organization) {
		o.Spec.Suspend = true
		o.Annotations = map[string]string{v1alpha1.AnnotationResync: "1", v1alpha1.AnnotationReport: "1"}
	})
	written := len(w.Memory.Writes())
	w.look()
	w.wantCondition("suspended", v1alpha1.ConditionReady, "True Suspended")
	if len(w.Memory.Writes()) != written || w.trail() > 0 || w.Memory.Calls(directorytest.MethodListMembers) > 0 || w.get().Status.Report != nil {
		t.Error("something was done")
	}
	w.edit(func(o *v1alpha1.Organization) { o.Spec.Suspend = false })
	w.look()
	w.wantGone("not suspended any more", "eve")
	w.wantCondition("not suspended any more", v1alpha1.ConditionReady, "True Succeeded")
}

// Times at which access ends are part of a plan.
func TestBY10_PlanKnowsTheTime(t *testing.T) {
	w := settled(t, planning, "ada")
	u := testkit.User("ada")
	w.Apply(w.applied(u))
	stage.Edit(w.Stage, "ada", func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: w.Clock.Now().Add(time.Hour)} })
	w.look()
	w.wantPlan("access goes on", &v1alpha1.OrganizationPlan{})
	w.later(2 * time.Hour)
	w.wantPlan("access is over", &v1alpha1.OrganizationPlan{Disable: 1, Entries: []v1alpha1.PlannedEntry{{Action: v1alpha1.PlannedDisable, User: "ada"}}})
}
