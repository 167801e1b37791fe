package stage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

var errBroken = errors.New("broken")

// spy is a test that remembers its failures instead of failing.
type spy struct {
	testing.TB
	failures []string
}

func (s *spy) Errorf(format string, args ...any) {
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

func get(s *stage.Stage) *v1alpha1.User { return stage.Get[v1alpha1.User](s, "ada") }

// What the API gives an object, and what it takes for a new generation.
func TestAPI_Metadata(t *testing.T) {
	s := stage.New(t)
	status := v1alpha1.UserStatus{MemberID: "7"}
	created := testkit.User("ada", func(u *v1alpha1.User) { u.Status = status })
	if err := s.Client.Create(t.Context(), created); err != nil {
		t.Fatal(err)
	}
	u := get(s)
	if u.UID == "" || u.Generation != 1 || !u.CreationTimestamp.Time.Equal(s.Clock.Now()) || u.Status.MemberID != "" {
		t.Errorf("created as uid %q, generation %d, at %v, status %+v", u.UID, u.Generation, u.CreationTimestamp, u.Status)
	}
	patch := func(reason string, generation int64, change func(*v1alpha1.User)) {
		t.Helper()
		before := get(s)
		after := before.DeepCopy()
		change(after)
		if err := s.Client.Patch(t.Context(), after, client.MergeFrom(before)); err != nil {
			t.Fatal(err)
		}
		if stored := get(s); stored.Generation != generation || after.Generation != generation || after.ResourceVersion != stored.ResourceVersion {
			t.Errorf("%s: generation %d, told %d; want %d", reason, stored.Generation, after.Generation, generation)
		}
	}
	patch("a label is no part of the spec", 1, func(u *v1alpha1.User) { u.Labels = map[string]string{"a": "b"} })
	patch("a spec", 2, func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" })
	patch("a status is written apart", 2, func(u *v1alpha1.User) { u.Status = status })
	if got := get(s).Status.MemberID; got != "" {
		t.Errorf("a patch of the object wrote the status: %q", got)
	}
	stage.Edit(s, "ada", func(u *v1alpha1.User) { u.Spec.Suspend = true })
	if got := get(s).Generation; got != 3 {
		t.Errorf("generation %d after an edit, want 3", got)
	}
}

// A write under an old resourceVersion, and a deletion of another uid, conflict.
func TestAPI_Conflicts(t *testing.T) {
	s := stage.New(t)
	s.Apply(testkit.User("ada"))
	before := get(s)
	stage.Edit(s, "ada", func(u *v1alpha1.User) { u.Spec.Suspend = true })
	after := before.DeepCopy()
	after.Finalizers = []string{"example.com/ours"}
	err := s.Client.Patch(t.Context(), after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if !apierrors.IsConflict(err) {
		t.Errorf("a patch under an old resourceVersion: %v, want a conflict", err)
	}
	other := types.UID("another")
	if err := s.Client.Delete(t.Context(), after, client.Preconditions{UID: &other}); !apierrors.IsConflict(err) {
		t.Errorf("a deletion of another uid: %v, want a conflict", err)
	}
	if err := s.Client.Create(t.Context(), testkit.User("ada")); !apierrors.IsAlreadyExists(err) {
		t.Errorf("creating it again: %v, want AlreadyExists", err)
	}
}

func TestAPI_Deletion(t *testing.T) {
	s := stage.New(t)
	s.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{"example.com/ours"} }), testkit.User("grace"))
	stage.Delete[v1alpha1.User](s, "ada")
	stage.Delete[v1alpha1.User](s, "grace")
	if u := get(s); u == nil || u.DeletionTimestamp == nil || u.Generation != 2 {
		t.Errorf("with a finalizer: %+v, want it marked, with a new generation", u)
	}
	if stage.Get[v1alpha1.User](s, "grace") != nil {
		t.Error("without a finalizer it is still there")
	}
	stage.Edit(s, "ada", func(u *v1alpha1.User) { u.Finalizers = nil })
	if get(s) != nil {
		t.Error("without its last finalizer it is still there")
	}
}

// Faults strike the calls they choose, before or after they took effect.
func TestAPI_Faults(t *testing.T) {
	s := stage.New(t)
	create := func(name string) error { return s.Client.Create(t.Context(), testkit.User(name)) }
	withdraw := s.FailAPI(stage.APIFault{Verb: stage.VerbCreate, Kind: "User", Call: 2, Err: errBroken})
	if a, b, c := create("a"), create("b"), create("c"); a != nil || !errors.Is(b, errBroken) || c != nil {
		t.Errorf("errors %v, %v, %v; want the second alone to fail", a, b, c)
	}
	withdraw()
	s.FailAPI(stage.APIFault{Name: "d", After: true, Err: errBroken})
	if err := create("d"); !errors.Is(err, errBroken) || stage.Get[v1alpha1.User](s, "d") == nil {
		t.Errorf("error %v; want a lost reply of a call that took effect", err)
	}
	if stage.Get[v1alpha1.User](s, "b") != nil {
		t.Error("a call that failed before took effect")
	}
	var names []string
	for _, w := range s.Writes() {
		names = append(names, string(w.Verb)+" "+w.Kind+" "+w.Name)
	}
	if diff := cmp.Diff([]string{"create User a", "create User b", "create User c", "create User d"}, names); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestInviter_Faults(t *testing.T) {
	s := stage.New(t)
	s.Provide(testkit.Organization())
	request := directory.InvitationRequest{Organization: stage.OrganizationID(), Address: "ada@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour}
	withdraw := s.Inviter.Inject(stage.InviterFault{Step: stage.StepInvite, After: true, Err: errBroken})
	if _, err := s.Inviter.Invite(t.Context(), request); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want the injected one", err)
	}
	withdraw()
	if i, err := s.Inviter.Invitation(t.Context(), request.Organization, request.Address); err != nil || i.Revision != 1 {
		t.Errorf("%+v, %v; want the invitation whose reply was lost", i, err)
	}
	if n := s.Deliver(directory.ResultSent, ""); n != 1 {
		t.Errorf("%d mails, want one", n)
	}
}

// A status against the rules, and a secret or a person in a log, fail the test.
func TestStage_Watches(t *testing.T) {
	watching := &spy{TB: t}
	s := stage.New(watching)
	s.Apply(testkit.User("ada"))
	before := get(s)
	after := before.DeepCopy()
	after.Status.Conditions = []metav1.Condition{{
		Type: "Ready", Status: metav1.ConditionFalse, Reason: "Succeeded", Message: "It is so.", LastTransitionTime: metav1.Now(),
	}}
	if err := s.Client.Status().Patch(t.Context(), after, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	log.FromContext(s.Context()).Info("invited", "address", "ada@example.com")
	log.FromContext(s.Context()).V(1).Info("invited", "address", "ada@example.com")
	log.FromContext(s.Context()).Info("published", "link", stage.BaseURL+"/i/"+strings.Repeat("a", 43))
	if len(watching.failures) != 3 {
		t.Errorf("failures %q, want one of the status and one of each log line for operators", watching.failures)
	}
	if len(s.Logs()) != 2 {
		t.Errorf("logs %q, want what is for operators", s.Logs())
	}
}
