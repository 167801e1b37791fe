package user_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// place is where a reconcile of a User asks something of the world.
type place struct {
	// given brings the User so far that the place is reached; edit declares it.
	edit  func(*v1alpha1.User)
	given func(*world)
	// inject makes it fail with the error, before or after it took effect.
	inject func(w *world, err error, after bool) (withdraw func())
	// condition is the one that says so.
	condition string
}

func backendFails(method directorytest.Method) func(*world, error, bool) func() {
	return func(w *world, err error, after bool) func() {
		return w.Memory.Inject(directorytest.Fault{Method: method, Err: err, After: after})
	}
}

func inviterFails(step stage.Step) func(*world, error, bool) func() {
	return func(w *world, err error, after bool) func() {
		return w.Inviter.Inject(stage.InviterFault{Step: step, Err: err, After: after})
	}
}

// places are all of them, on the way to an invitation.
func places() map[string]place {
	same := func(*v1alpha1.User) {}
	nothing := func(*world) {}
	return map[string]place{
		"finding the backend": {same, nothing, func(w *world, err error, _ bool) func() {
			w.Backends.Fail(err)
			return func() { w.Backends.Fail(nil) }
		}, v1alpha1.ConditionReferencesResolved},
		"applying the member": {same, nothing, backendFails(directorytest.MethodApplyMember), v1alpha1.ConditionProvisioned},
		"applying access": {
			withRoles(v1alpha1.RoleGrant{Name: "clinician"}), nothing,
			backendFails(directorytest.MethodApplyAccess), v1alpha1.ConditionAccessApplied,
		},
		"observing the invitation": {same, nothing, inviterFails(stage.StepInvitation), v1alpha1.ConditionInvited},
		"inviting":                 {same, nothing, inviterFails(stage.StepInvite), v1alpha1.ConditionInvited},
		"making the link":          {delivering(v1alpha1.DeliveryLink), nothing, inviterFails(stage.StepLink), v1alpha1.ConditionInvited},
		"taking back": {same, func(w *world) {
			w.look("ada")
			w.edit("ada", delivering(v1alpha1.DeliveryNone))
		}, inviterFails(stage.StepClose), v1alpha1.ConditionInvited},
		"observing the member again": {same, func(w *world) {
			w.sent("ada")
			w.Accept(ada, "Ada")
			w.evict(ada)
		}, backendFails(directorytest.MethodMember), v1alpha1.ConditionInvited},
	}
}

func (p place) world(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.Provide(testkit.Role("clinician"))
	w.Apply(testkit.User("ada", p.edit))
	p.given(w)
	return w
}

// conditions are all of a User's, in words.
func (w *world) conditions(name string) map[string]string {
	w.Helper()
	all := map[string]string{}
	for _, c := range w.get(name).Status.Conditions {
		all[c.Type] = string(c.Status) + " " + c.Reason + " " + c.Message
	}
	return all
}

// wordsOf is what an error at a place means; some have a meaning of their own there.
func wordsOf(where string, kind directory.Kind, err error) (phase.Word, string) {
	switch {
	case where == "observing the invitation" && kind == directory.KindNotFound:
		return phase.WordWaiting, v1alpha1.ReasonMailQueued // nobody was invited: so they are
	case where == "inviting" && kind == directory.KindRateLimited:
		return phase.WordWaiting, v1alpha1.ReasonRateLimited
	case where == "making the link" && kind == directory.KindExists:
		return phase.WordWaiting, v1alpha1.ReasonSecretDenied
	}
	a := verdict.Of(err)
	return a.Word, a.Reason
}

// Every kind of error at every place: the right word, in the right condition,
// and afterwards everything is as if it had never been.
func TestPromise_EveryErrorEverywhere(t *testing.T) {
	for where, p := range places() {
		without := p.world(t)
		without.look("ada")
		want := without.conditions("ada")
		for _, kind := range stage.Kinds() {
			t.Run(where+" "+string(kind), func(t *testing.T) {
				w := p.world(t)
				failure := directory.Errorf(kind, "do something", "it went wrong")
				withdraw := p.inject(w, failure, false)
				result, err := w.try("ada")
				word, reason := wordsOf(where, kind, failure)
				w.wantCondition("ada", p.condition, "False "+reason)
				w.wantCondition("ada", v1alpha1.ConditionReady, "False "+reason)
				stalled := stage.Condition(w.get("ada").Status.Conditions, v1alpha1.ConditionStalled) != ""
				if stalled != (word == phase.WordStalled) {
					t.Errorf("stalled %t, want %t", stalled, !stalled)
				}
				if tried := err != nil || result.RequeueAfter > 0; tried == stalled {
					t.Errorf("result %v, error %v: it is tried again exactly when that can help", result, err)
				}
				withdraw()
				w.look("ada")
				if diff := cmp.Diff(want, w.conditions("ada")); diff != "" {
					t.Errorf("after it works again (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// A reply that is lost after the call took effect: the next look finds that, and
// nothing happens twice.
func TestPromise_LostReplies(t *testing.T) {
	lost := directory.Errorf(directory.KindUnavailable, "do something", "the connection was lost")
	for where, p := range places() {
		if where == "finding the backend" {
			continue // it has no effect
		}
		t.Run(where, func(t *testing.T) {
			without := p.world(t)
			without.look("ada")
			w := p.world(t)
			withdraw := p.inject(w, lost, true)
			_, err := w.try("ada")
			if where != "observing the invitation" && err == nil {
				t.Error("a lost reply is no error")
			}
			withdraw()
			w.look("ada")
			if diff := cmp.Diff(without.conditions("ada"), w.conditions("ada")); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(without.Memory.Writes(), w.Memory.Writes()); diff != "" {
				t.Errorf("what the backend wrote (-want +got):\n%s", diff)
			}
			a, _ := without.invitation(ada)
			b, _ := w.invitation(ada)
			if a.Revision != b.Revision || a.State != b.State {
				t.Errorf("revision %d %s, want %d %s", b.Revision, b.State, a.Revision, a.State)
			}
			if x, y := without.Deliver(directory.ResultSent, ""), w.Deliver(directory.ResultSent, ""); x != y {
				t.Errorf("%d mails, want %d", y, x)
			}
		})
	}
}

// Every kind of error while a User goes: it stays until the person is dealt
// with, and then goes.
func TestPromise_EveryErrorOnRemoval(t *testing.T) {
	removal := map[string]func(*world, error, bool) func(){
		"taking back":         inviterFails(stage.StepClose),
		"removing the member": backendFails(directorytest.MethodRemoveMember),
		"finding the backend": places()["finding the backend"].inject,
	}
	for where, inject := range removal {
		for _, kind := range stage.Kinds() {
			for _, after := range []bool{false, true} {
				t.Run(where+" "+string(kind)+map[bool]string{true: " after"}[after], func(t *testing.T) {
					w := newWorld(t, testkit.User("ada"))
					w.sent("ada")
					w.Events()
					w.remove("ada")
					failure := directory.Errorf(kind, "do something", "it went wrong")
					withdraw := inject(w, failure, after)
					_, _ = w.try("ada")
					w.wantCondition("ada", v1alpha1.ConditionReady, "False "+verdict.Of(failure).Reason)
					w.wantEvents("nothing has happened yet")
					withdraw()
					w.look("ada")
					if _, known := w.member(ada); known || w.get("ada") != nil {
						t.Error("the person or the User is still there")
					}
					w.wantEvents("once", "Normal Removed The person is removed from the backend.")
				})
			}
		}
	}
}

// Every call of the API, failing or conflicting: nothing is lost, nothing
// happens twice, and a conflict is nobody's news.
func TestPromise_EveryAPIFault(t *testing.T) {
	conflict := apierrors.NewConflict(v1alpha1Users, "ada", errors.New("it was modified"))
	busy := apierrors.NewTooManyRequests("slow down", 1)
	without := newWorld(t, testkit.User("ada"))
	without.look("ada")
	want := without.conditions("ada")
	for _, verb := range []stage.Verb{stage.VerbGet, stage.VerbList, stage.VerbPatch, stage.VerbStatus} {
		for name, failure := range map[string]error{"busy": busy, "conflict": conflict, "canceled": errCanceled} {
			for _, after := range []bool{false, true} {
				t.Run(string(verb)+" "+name+map[bool]string{true: " after"}[after], func(t *testing.T) {
					w := newWorld(t, testkit.User("ada"))
					withdraw := w.FailAPI(stage.APIFault{Verb: verb, After: after, Err: failure})
					result, err := w.try("ada")
					if err == nil && result.RequeueAfter == 0 {
						t.Error("it is not tried again")
					}
					if name == "conflict" {
						if err != nil || result.RequeueAfter > time.Second {
							t.Errorf("a conflict is told: error %v, looks again after %s", err, result.RequeueAfter)
						}
						w.wantEvents("a conflict is nobody's news")
					}
					withdraw()
					w.look("ada")
					if diff := cmp.Diff(want, w.conditions("ada")); diff != "" {
						t.Errorf("after it works again (-want +got):\n%s", diff)
					}
					if n := w.Deliver(directory.ResultSent, ""); n != 1 {
						t.Errorf("%d mails, want one", n)
					}
				})
			}
		}
	}
}
