package user_test

import (
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// What becomes of the person is what the policy says; what is pending is revoked
// in each case, and what is queued is never sent.
func TestHE5_RemovalPolicies(t *testing.T) {
	const gone directory.MemberState = ""
	for name, test := range map[string]struct {
		policy            v1alpha1.RemovalPolicy
		pending, accepted directory.MemberState
		event             string
	}{
		"remove":  {v1alpha1.RemovalPolicyRemove, gone, gone, "Normal Removed The person is removed from the backend."},
		"omitted": {"", gone, gone, "Normal Removed The person is removed from the backend."},
		"disable": {v1alpha1.RemovalPolicyDisable, directory.MemberDisabled, directory.MemberDisabled, "Normal Disabled The person is disabled in the backend."},
		"retain":  {v1alpha1.RemovalPolicyRetain, directory.MemberInvited, directory.MemberActive, "Normal Retained The person stays as they are in the backend."},
	} {
		for standing, want := range map[string]directory.MemberState{"pending": test.pending, "accepted": test.accepted} {
			t.Run(name+" "+standing, func(t *testing.T) {
				w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = test.policy }))
				w.look("ada")
				if standing == "accepted" {
					w.Accept(ada, "Ada")
				}
				w.Events()
				w.remove("ada")
				if result := w.look("ada"); !result.IsZero() {
					t.Errorf("looks again: %v", result)
				}
				if w.get("ada") != nil {
					t.Error("the User is still there")
				}
				if m, _ := w.member(ada); m.State != want {
					t.Errorf("the person is %q, want %q", m.State, want)
				}
				if i, open := w.invitation(ada); open {
					t.Errorf("the invitation is still %s", i.State)
				}
				if _, err := w.Ledger.Link(w.Context(), stage.OrganizationID(), ada); !directory.IsKind(err, directory.KindNotFound) {
					t.Errorf("the link works: %v", err)
				}
				if n := w.Deliver(directory.ResultSent, ""); n != 0 {
					t.Errorf("%d mails are sent, want none", n)
				}
				w.wantEvents("once", test.event)
			})
		}
	}
}

// What is gone already is done; nothing waits for what never comes back.
func TestHE5_GoneAlready(t *testing.T) {
	for name, given := range map[string]func(*world){
		"the person":       func(w *world) { w.evict(ada) },
		"the Organization": func(w *world) { stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic) },
		"the tenant":       func(w *world) { w.forgetTenant() },
		"all of these":     func(w *world) { stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic); w.forgetTenant() },
		"the ledger's tenant": func(w *world) {
			if err := w.Ledger.RemoveOrganization(w.Context(), stage.OrganizationID()); err != nil {
				w.Fatal(err)
			}
		},
		"the status": func(w *world) { w.forgetStatus("ada") },
	} {
		for _, policy := range []v1alpha1.RemovalPolicy{v1alpha1.RemovalPolicyRemove, v1alpha1.RemovalPolicyDisable, v1alpha1.RemovalPolicyRetain} {
			t.Run(name+" "+string(policy), func(t *testing.T) {
				w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = policy }))
				w.sent("ada")
				given(w)
				w.remove("ada")
				w.look("ada")
				if w.get("ada") != nil {
					t.Error("the User is still there")
				}
			})
		}
	}
}

func (w *world) forgetTenant() {
	w.Helper()
	if err := w.Memory.RemoveOrganization(w.Context(), stage.OrganizationID()); err != nil {
		w.Fatal(err)
	}
}

// An address that is none was never given to a backend, so nothing is asked of one.
func TestHE5_InvalidAddress(t *testing.T) {
	w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) {
		u.Spec.Email, u.Finalizers = "not an address", []string{v1alpha1.Finalizer}
	}))
	w.look("ada")
	w.remove("ada")
	w.look("ada")
	if w.get("ada") != nil {
		t.Error("the User is still there")
	}
	if n := w.Memory.Calls(directorytest.MethodRemoveMember); n > 0 {
		t.Errorf("the backend was asked %d times", n)
	}
}

// A User that never got as far as the backend goes at once.
func TestHE5_NeverProvisioned(t *testing.T) {
	w := emptyWorld(t)
	w.Apply(testkit.User("ada", func(u *v1alpha1.User) { u.Finalizers = []string{"example.com/theirs"} }))
	w.look("ada")
	w.remove("ada")
	w.Writes()
	w.look("ada")
	if n := w.Memory.Calls(directorytest.MethodRemoveMember); n > 0 || len(w.Writes()) > 0 {
		t.Errorf("the backend was asked %d times for somebody it never knew", n)
	}
}

// The link dies before the person goes: nobody can accept in between, and come
// back to life.
func TestPromise_TheLinkDiesFirst(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.remove("ada")
	withdraw := w.Memory.Inject(directorytest.Fault{
		Method: directorytest.MethodRemoveMember, Err: directory.Errorf(directory.KindUnavailable, "remove a member", "no answer"),
	})
	if _, err := w.try("ada"); err == nil {
		t.Fatal("no error, and so no other attempt")
	}
	if _, err := w.Ledger.Link(w.Context(), stage.OrganizationID(), ada); !directory.IsKind(err, directory.KindNotFound) {
		t.Errorf("the link works although the person is going: %v", err)
	}
	w.wantCondition("ada", v1alpha1.ConditionReady, "False BackendUnavailable")
	withdraw()
	w.look("ada")
	if _, known := w.member(ada); known || w.get("ada") != nil {
		t.Error("the person or the User is still there")
	}
}

// A backend that cannot do what the policy asks for says so; another policy helps.
func TestHE5_Unsupported(t *testing.T) {
	w := newWorld(t, testkit.User("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyDisable }))
	w.sent("ada")
	w.Memory.Inject(directorytest.Fault{
		Method: directorytest.MethodRemoveMember, Call: 1, Err: directory.Errorf(directory.KindUnsupported, "disable a member", "it has no such state"),
	})
	w.remove("ada")
	w.look("ada")
	w.wantCondition("ada", v1alpha1.ConditionReady, "False Unsupported")
	w.wantCondition("ada", v1alpha1.ConditionStalled, "True Unsupported")
	if got := stage.Message(w.get("ada").Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(got, "it has no such state") {
		t.Errorf("%q does not say what the backend cannot do", got)
	}
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRetain })
	w.look("ada")
	if w.get("ada") != nil {
		t.Error("the User is still there")
	}
}

// A conflict at the very end is nobody's news: the person is removed once, and
// that is told once.
func TestHE5_ConflictAtTheEnd(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.sent("ada")
	w.Events()
	w.remove("ada")
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "users"}, "ada", errBroken)
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbPatch, Kind: "User", Err: conflict})
	if again := w.look("ada").RequeueAfter; again <= 0 || again > time.Second {
		t.Errorf("looks again after %s, want soon", again)
	}
	w.wantConditions("ada", "nothing is told", pending())
	withdraw()
	w.look("ada")
	if w.get("ada") != nil {
		t.Error("the User is still there")
	}
	w.wantEvents("one happening", "Normal Removed The person is removed from the backend.")
}

// Declared again after each policy: the person is invited anew, or taken back in.
func TestHE5_DeclaredAgain(t *testing.T) {
	for policy, want := range map[v1alpha1.RemovalPolicy]string{
		v1alpha1.RemovalPolicyRemove:  "False AwaitingAcceptance",
		v1alpha1.RemovalPolicyDisable: "True AdoptedExistingMember",
		v1alpha1.RemovalPolicyRetain:  "True AdoptedExistingMember",
	} {
		t.Run(string(policy), func(t *testing.T) {
			declared := func() *v1alpha1.User {
				return testkit.User("ada", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = policy })
			}
			w := newWorld(t, declared())
			w.sent("ada")
			w.Accept(ada, "Ada")
			w.look("ada")
			w.remove("ada")
			w.look("ada")
			w.Clock.Step(time.Hour)
			w.Apply(declared())
			w.look("ada")
			w.wantCondition("ada", v1alpha1.ConditionAccepted, want)
		})
	}
}
