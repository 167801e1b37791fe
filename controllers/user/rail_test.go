package user_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// safely changes what the Organization says about safety.
func (w *world) safely(change func(*v1alpha1.OrganizationSafety)) {
	w.Helper()
	stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { change(&o.Spec.Safety) })
}

// joined looks at people until they are in.
func (w *world) joined(names ...string) {
	w.Helper()
	for _, name := range names {
		w.sent(name)
		w.Accept(name+"@example.com", name)
		w.look(name)
		w.wantCondition(name, v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
	}
	w.Events()
}

// wantIn compares who of these is in.
func (w *world) wantIn(reason string, in bool, names ...string) {
	w.Helper()
	for _, name := range names {
		if m, _ := w.member(name + "@example.com"); (m.State == directory.MemberActive) != in {
			w.Errorf("%s: %s is %q, want in: %t", reason, name, m.State, in)
		}
	}
}

// approval finds the command in the message of RemovalBlocked.
var approval = regexp.MustCompile("kubectl annotate user ([a-z0-9-]+) -n team --overwrite iam.rollcall.dev/approve-removal=([a-z2-7]{12})`")

// approve does what the message says.
func (w *world) approve(name string) {
	w.Helper()
	message := stage.Message(w.get(name).Status.Conditions, v1alpha1.ConditionRemovalBlocked)
	command := approval.FindStringSubmatch(message)
	if len(command) != 3 || command[1] != name {
		w.Fatalf("%q does not say how to let this one pass", message)
	}
	w.edit(name, func(u *v1alpha1.User) {
		u.Annotations = map[string]string{v1alpha1.AnnotationApproveRemoval: command[2]}
	})
}

func protecting(emails ...string) func(*v1alpha1.OrganizationSafety) {
	return func(s *v1alpha1.OrganizationSafety) { s.ProtectedEmails = emails }
}

func delaying(by time.Duration) func(*v1alpha1.OrganizationSafety) {
	return func(s *v1alpha1.OrganizationSafety) { s.RemovalDelay = &metav1.Duration{Duration: by} }
}

// A deletion takes effect after the delay: another User with the address takes
// over until then, also where the old one was deleted first.
func TestHE5_TheDelay(t *testing.T) {
	for name, heir := range map[string]bool{"nobody comes": false, "somebody comes": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.safely(delaying(time.Minute))
			w.joined("ada")
			w.remove("ada")
			w.Clock.SetTime(w.get("ada").DeletionTimestamp.Time)
			if again := w.look("ada").RequeueAfter; again < time.Minute || again > 70*time.Second {
				t.Errorf("looks again after %s, want after a minute", again)
			}
			w.wantIn("within the delay", true, "ada")
			if heir {
				w.Apply(testkit.User("renamed", addressed(ada)))
			}
			w.Clock.Step(time.Minute)
			w.look("ada")
			if w.get("ada") != nil {
				t.Fatal("the User is still there")
			}
			w.wantIn("after it", heir, "ada")
			want := "Normal Removed The person is removed from the backend."
			if heir {
				want = `Normal HandedOver User "renamed" has the same address; the membership is now its.`
			}
			w.wantEvents("once", want)
		})
	}
}

// The API server's clock may be ahead for days: the delay is what this process
// sees of it, and no more.
func TestHE5_TheDelayAndAnotherClock(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.safely(delaying(time.Minute))
	w.joined("ada")
	w.remove("ada")
	w.Clock.SetTime(w.get("ada").DeletionTimestamp.Add(-72 * time.Hour))
	w.look("ada")
	w.Clock.Step(61 * time.Second)
	w.look("ada")
	if w.get("ada") != nil {
		t.Error("the User is still there")
	}
}

// While nothing is to be done in the organization, nobody is removed.
func TestHE5_DeletionsWait(t *testing.T) {
	for reason, halt := range map[string]func(*v1alpha1.OrganizationSpec, bool){
		v1alpha1.ReasonSuspended: func(s *v1alpha1.OrganizationSpec, is bool) { s.Suspend = is },
		v1alpha1.ReasonPlanned: func(s *v1alpha1.OrganizationSpec, is bool) {
			if s.Mode = v1alpha1.ModeEnforce; is {
				s.Mode = v1alpha1.ModePlan
			}
		},
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"))
			w.joined("ada")
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { halt(&o.Spec, true) })
			w.remove("ada")
			w.look("ada")
			w.wantIn("halted", true, "ada")
			w.wantCondition("ada", v1alpha1.ConditionReady, "True "+reason)
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { halt(&o.Spec, false) })
			w.look("ada")
			w.wantIn("at work again", false, "ada")
		})
	}
}

// Tearing down a whole organization on purpose works, as its policy says, and no
// rail asks.
func TestHE5_TornDown(t *testing.T) {
	for policy, want := range map[v1alpha1.DeletionPolicy]struct {
		in    bool
		event string
	}{
		v1alpha1.DeletionRetain: {true, "Normal Retained The person stays as they are in the backend."},
		v1alpha1.DeletionRemove: {false, "Normal Removed The person is removed from the backend."},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := newWorld(t, testkit.User("ada"), testkit.User("grace"))
			w.joined("ada")
			w.sent("grace")
			w.Events()
			w.safely(protecting(ada))
			w.safely(delaying(time.Hour))
			stage.Edit(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) {
				o.Spec.DeletionPolicy, o.Finalizers = policy, []string{v1alpha1.Finalizer}
			})
			for _, name := range []string{"ada", "grace"} {
				w.remove(name)
			}
			stage.Delete[v1alpha1.Organization](w.Stage, testkit.Clinic)
			for _, name := range []string{"ada", "grace"} {
				w.look(name)
				if w.get(name) != nil {
					t.Errorf("User %q is still there", name)
				}
				w.wantEvents("once", want.event)
			}
			w.wantIn("as the policy says", want.in, "ada")
			if i, open := w.invitation("grace@example.com"); open {
				t.Errorf("the invitation is still %s", i.State)
			}
		})
	}
}

// Who is protected stays, whatever becomes of their User, until the list or
// somebody's word lets them go.
func TestBY4_ProtectedMember(t *testing.T) {
	leave := map[string]func(*world){
		"deleted":  func(w *world) { w.remove("ada") },
		"disabled": func(w *world) { w.edit("ada", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }) },
		"ended": func(w *world) {
			w.edit("ada", func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: w.Clock.Now().Add(-time.Hour)} })
		},
	}
	free := map[string]func(*world){
		"approved":       func(w *world) { w.approve("ada") },
		"not protected":  func(w *world) { w.safely(protecting("grace@example.com")) },
		"nobody is":      func(w *world) { w.safely(protecting()) },
		"torn down":      func(w *world) { w.safely(protecting()) },
		"approved twice": func(w *world) { w.approve("ada"); w.look("ada") },
	}
	for how, leaves := range leave {
		for why, frees := range free {
			t.Run(how+" "+why, func(t *testing.T) {
				w := newWorld(t, testkit.User("ada"))
				w.joined("ada")
				w.safely(protecting("ADA@Example.com"))
				leaves(w)
				w.look("ada")
				w.look("ada")
				w.wantIn("protected", true, "ada")
				w.wantCondition("ada", v1alpha1.ConditionRemovalBlocked, "True ProtectedMember")
				w.wantCondition("ada", v1alpha1.ConditionReady, "False ProtectedMember")
				w.wantCondition("ada", v1alpha1.ConditionAccepted, "True AcceptedByInvitee")
				if diff := cmp.Diff(map[alarm.Rail]int{alarm.ProtectedMember: 1}, w.Tripped()); diff != "" {
					t.Errorf("tripped (-want +got):\n%s", diff)
				}
				if events := strings.Join(w.Events(), "\n"); strings.Count(events, "Warning ProtectedMember") != 1 {
					t.Errorf("events %s, want one of the rail", events)
				}
				frees(w)
				w.look("ada")
				w.wantIn("free to go", false, "ada")
				events := strings.Join(w.Events(), "\n")
				if word := strings.HasPrefix(why, "approved"); strings.Contains(events, "Normal Approved") != word {
					t.Errorf("events %s, want one of an approval: %t", events, word)
				}
			})
		}
	}
}

// A word is for one removal, as it was seen: an older one, and one for something
// else, change nothing.
func TestBY4_AnApprovalForSomethingElse(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	w.safely(protecting(ada))
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
	w.look("ada")
	w.approve("ada")
	w.edit("ada", func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" })
	w.look("ada")
	w.wantIn("approved before it was edited", true, "ada")
	w.remove("ada")
	w.look("ada")
	w.wantIn("a disablement was approved, not a removal", true, "ada")
	w.approve("ada")
	w.look("ada")
	w.wantIn("approved", false, "ada")
}

// More than the floor wait; when too many do they are stopped, and an approval
// of the wave wakes them and lets them go.
func TestBY4_TooManyRemovals(t *testing.T) {
	var users []*v1alpha1.User
	for i := range 8 {
		users = append(users, testkit.User(fmt.Sprintf("p%d", i)))
	}
	w := newWorld(t, users...)
	for _, u := range users {
		w.joined(u.Name)
	}
	var waiting []directory.Departure
	for i, u := range users {
		if i < 7 {
			w.remove(u.Name)
		} else {
			w.edit(u.Name, func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled })
		}
		w.look(u.Name)
		if i >= 5 {
			now := w.get(u.Name)
			waiting = append(waiting, census.Departure(now, u.Spec.Email))
			w.wantCondition(u.Name, v1alpha1.ConditionReady, "False Progressing")
			w.wantCondition(u.Name, v1alpha1.ConditionRemovalBlocked, "")
		}
	}
	w.wantIn("the floor", false, "p0", "p1", "p2", "p3", "p4")
	w.wantIn("beyond it", true, "p5", "p6", "p7")
	if _, err := w.Ledger.HoldRemovals(w.Context(), stage.OrganizationID(), 5); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p5", "p6", "p7"} {
		w.look(name)
		w.wantCondition(name, v1alpha1.ConditionRemovalBlocked, "True TooManyRemovals")
		w.wantCondition(name, v1alpha1.ConditionStalled, "True TooManyRemovals")
	}
	w.wantIn("stopped", true, "p5", "p6", "p7")
	if len(w.Tripped()) != 0 {
		t.Errorf("tripped %v: a wave is counted once, by whoever sees all of it", w.Tripped())
	}
	if err := w.Ledger.GrantRemovals(w.Context(), stage.OrganizationID(), waiting, "wave"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p5", "p6", "p7"} {
		w.look(name)
	}
	w.wantIn("approved", false, "p5", "p6", "p7")
	w.wantCondition("p7", v1alpha1.ConditionReady, "True Succeeded")
	w.wantCondition("p7", v1alpha1.ConditionRemovalBlocked, "")
}

// A crash between the reservation and the removal: the removal is repeated, and
// counts once.
func TestBY4_ACrashBeforeTheRemoval(t *testing.T) {
	w := newWorld(t, testkit.User("ada"))
	w.joined("ada")
	withdraw := w.Memory.Inject(directorytest.Fault{
		Method: directorytest.MethodRemoveMember, Err: directory.Errorf(directory.KindUnavailable, "remove a member", "no answer"),
	})
	w.remove("ada")
	for range 4 {
		if _, err := w.try("ada"); err == nil {
			t.Fatal("no error, and so no other attempt")
		}
	}
	withdraw()
	w.look("ada")
	standing, err := w.Ledger.Removals(w.Context(), stage.OrganizationID(), time.Hour)
	if err != nil || standing.Done != 1 || w.get("ada") != nil {
		t.Errorf("%d removals are counted, %v; want one, and the User gone", standing.Done, err)
	}
}

// What removes nobody is not counted.
func TestBY4_WhatDoesNotCount(t *testing.T) {
	w := newWorld(t, testkit.User("ada"), testkit.User("grace", func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRetain }))
	w.joined("ada", "grace")
	w.Apply(testkit.User("again", addressed(ada)))
	w.look("again")
	for _, name := range []string{"ada", "grace", "again"} {
		w.remove(name)
		if name == "ada" {
			w.look(name)
			w.look("again")
		}
	}
	w.look("grace")
	standing, err := w.Ledger.Removals(w.Context(), stage.OrganizationID(), time.Hour)
	if err != nil || standing.Done != 0 {
		t.Errorf("%d are counted, %v; want neither a handover nor one who stays", standing.Done, err)
	}
}
