package invitebatch_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/invitebatch"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

var errBroken = errors.New("broken")

// world is a stage with an Organization on it, and the reconciler of InviteBatches.
type world struct {
	*testing.T
	*stage.Stage
	batches *invitebatch.Reconciler
}

func emptyWorld(t *testing.T) *world {
	t.Helper()
	s := stage.New(t)
	batches, err := invitebatch.New(invitebatch.Options{Client: s.Client, Sources: s.Client, Recorder: s.Recorder, Clock: s.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return &world{T: t, Stage: s, batches: batches}
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := emptyWorld(t)
	w.Provide(testkit.Organization())
	w.Apply(objects...)
	return w
}

// autumn is the batch that most tests are about.
const autumn = "autumn"

func batch(emails []string, edits ...func(*v1alpha1.InviteBatch)) *v1alpha1.InviteBatch {
	return testkit.InviteBatch(autumn, emails, edits...)
}

func (w *world) look() reconcile.Result {
	w.Helper()
	result, err := w.try()
	if err != nil {
		w.Fatalf("reconcile: %v", err)
	}
	w.letGo()
	return result
}

// letGo takes the finalizer off Users that are being deleted, as their own
// controller does.
func (w *world) letGo() {
	w.Helper()
	for _, u := range w.users() {
		if u.DeletionTimestamp == nil {
			continue
		}
		u.Finalizers = nil
		if err := w.Raw().Update(w.Context(), u); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) try() (reconcile.Result, error) {
	w.Helper()
	return stage.Reconcile(w.Stage, w.batches, autumn)
}

func (w *world) batch() *v1alpha1.InviteBatch {
	return stage.Get[v1alpha1.InviteBatch](w.Stage, autumn)
}

func (w *world) edit(change func(*v1alpha1.InviteBatch)) {
	w.Helper()
	stage.Edit(w.Stage, autumn, change)
}

// users are all Users, by address.
func (w *world) users() map[string]*v1alpha1.User {
	w.Helper()
	var list v1alpha1.UserList
	if err := w.Raw().List(w.Context(), &list, client.InNamespace(testkit.Namespace)); err != nil {
		w.Fatal(err)
	}
	found := map[string]*v1alpha1.User{}
	for i := range list.Items {
		found[list.Items[i].Spec.Email] = &list.Items[i]
	}
	return found
}

// user is the User of an address, which must be there.
func (w *world) user(email string) *v1alpha1.User {
	w.Helper()
	u := w.users()[email]
	if u == nil {
		w.Fatalf("there is no User of %q", email)
	}
	return u
}

func (w *world) editUser(email string, change func(*v1alpha1.User)) {
	w.Helper()
	stage.Edit(w.Stage, w.user(email).Name, change)
}

// stands says where the person of an address stands.
func (w *world) stands(email, condition string) {
	w.Helper()
	stage.SetStatus(w.Stage, w.user(email).Name, func(u *v1alpha1.User) {
		status.Set(&u.Status.Conditions, u.Generation, metav1.Condition{
			Type: condition, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: "It is so.",
		})
	})
}

func (w *world) wantCounts(reason string, want v1alpha1.BatchCounts) {
	w.Helper()
	got := w.batch().Status.Outcomes
	if diff := cmp.Diff(&want, got); diff != "" {
		w.Errorf("%s: counts (-want +got):\n%s", reason, diff)
	}
	if got != nil && got.Total != got.Invited+got.AlreadyMember+got.Duplicate+got.Invalid+got.Waiting {
		w.Errorf("%s: %+v does not add up", reason, *got)
	}
}

func (w *world) wantConditions(reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.batch().Status.Conditions)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

// done are the conditions of a batch whose people have not all accepted.
func done() map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionReferencesResolved: "True Succeeded",
		v1alpha1.ConditionExpanded: "True Succeeded", v1alpha1.ConditionCompleted: "False AwaitingPeople",
	}
}

// refusals are as "source line reason".
func (w *world) refusals() []string {
	w.Helper()
	var lines []string
	for _, r := range w.batch().Status.Refusals {
		lines = append(lines, fmt.Sprintf("%s %d %s", r.Source, r.Line, r.Reason))
	}
	return lines
}

// addresses are p1@example.com to pn@example.com.
func addresses(n int) []string {
	list := make([]string, 0, n)
	for i := range n {
		list = append(list, fmt.Sprintf("p%d@example.com", i+1))
	}
	return list
}

// writes counts what was written to Users since the last call, by verb.
func (w *world) writes() map[stage.Verb]int {
	w.Helper()
	counts := map[stage.Verb]int{}
	for _, write := range w.Writes() {
		if write.Kind == "User" {
			counts[write.Verb]++
		}
	}
	return counts
}

func TestNew_NeedsEverything(t *testing.T) {
	s := stage.New(t)
	whole := invitebatch.Options{Client: s.Client, Sources: s.Client, Recorder: s.Recorder, Clock: s.Clock}
	for name, take := range map[string]func(*invitebatch.Options){
		"Client":   func(o *invitebatch.Options) { o.Client = nil },
		"Sources":  func(o *invitebatch.Options) { o.Sources = nil },
		"Recorder": func(o *invitebatch.Options) { o.Recorder = nil },
		"Clock":    func(o *invitebatch.Options) { o.Clock = nil },
	} {
		less := whole
		take(&less)
		if _, err := invitebatch.New(less); err == nil {
			t.Errorf("no error without %s", name)
		}
	}
}
