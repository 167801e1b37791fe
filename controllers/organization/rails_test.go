package organization_test

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
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

func numbered(n int) string { return fmt.Sprintf("p%03d", n) }

// populated is an organization of so many Users whom nobody looks at.
func populated(t *testing.T, people int, edits ...func(*v1alpha1.Organization)) *world {
	t.Helper()
	w := newWorld(t, testkit.Organization(edits...))
	for n := range people {
		w.Apply(testkit.User(numbered(n), func(u *v1alpha1.User) { u.Finalizers = []string{v1alpha1.Finalizer} }))
	}
	w.look()
	w.Events()
	return w
}

// deleted deletes the Users from..to-1.
func (w *world) deleted(from, to int) {
	w.Helper()
	for n := from; n < to; n++ {
		stage.Delete[v1alpha1.User](w.Stage, numbered(n))
	}
}

// asks has Users ask to go, as their controller does, and returns the answers.
func (w *world) asks(from, to int) map[directory.RemovalAnswer]int {
	w.Helper()
	answers := map[directory.RemovalAnswer]int{}
	for n := from; n < to; n++ {
		u := stage.Get[v1alpha1.User](w.Stage, numbered(n))
		answer, err := w.Stage.Ledger.ReserveRemoval(w.Context(), directory.RemovalRequest{
			Departure: census.Departure(u, u.Spec.Email), Limit: directory.RemovalLimit{Floor: 5, Window: time.Hour},
		})
		must(w, err)
		answers[answer]++
	}
	return answers
}

func (w *world) wantAnswers(reason string, from, to int, want map[directory.RemovalAnswer]int) {
	w.Helper()
	if diff := cmp.Diff(want, w.asks(from, to)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

func (w *world) annotate(annotation, value string) {
	w.Helper()
	w.edit(func(o *v1alpha1.Organization) {
		if o.Annotations == nil {
			o.Annotations = map[string]string{}
		}
		o.Annotations[annotation] = value
	})
}

// wantMessage compares a condition and its message; WAVE stands for the wave.
func (w *world) wantMessage(reason, condition, want, message, wave string) {
	w.Helper()
	w.wantCondition(reason, condition, want)
	if got := stage.Message(w.get().Status.Conditions, condition); got != strings.ReplaceAll(message, "WAVE", wave) {
		w.Errorf("%s: %q, want %q", reason, got, message)
	}
}

const (
	granted = directory.RemovalGranted
	waits   = directory.RemovalWaits
	held    = directory.RemovalHeld
)

// Too many are stopped, with the numbers and the command; the word is for exactly
// these, and lets them go.
func TestBY4_AWaveOfRemovals(t *testing.T) {
	w := populated(t, 200)
	w.deleted(0, 60)
	w.wantAnswers("at first", 0, 60, map[directory.RemovalAnswer]int{granted: 5, waits: 55})
	w.look()
	seen := w.get().Status.HeldRemovals
	if seen == nil {
		t.Fatal("nothing is held")
	}
	if diff := cmp.Diff(&v1alpha1.HeldWave{Wave: seen.Wave, Waiting: 55, Done: 5, Limit: 50}, seen); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
	w.wantMessage("60 of 200", v1alpha1.ConditionRemovalsPaused, "True TooManyRemovals",
		"60 of 200 people would go within 1h, more than 50 (25 %); to let these 55 go: "+
			"`kubectl annotate organization clinic -n team --overwrite iam.rollcall.dev/approve-removals=WAVE`.", seen.Wave)
	w.wantCondition("it tells a story of its own", v1alpha1.ConditionReady, "True Succeeded")
	w.wantTripped(alarm.Removals, "Warning TooManyRemovals 60 of 200 people")

	w.later(3 * time.Hour)
	w.wantAnswers("the window rolls on", 0, 60, map[directory.RemovalAnswer]int{granted: 5, held: 55})
	if got := w.get().Status.HeldRemovals; got == nil || got.Wave != seen.Wave || got.Done != 5 {
		t.Errorf("held %+v, want the same wave, with those who went", got)
	}
	w.deleted(60, 61)
	w.annotate(v1alpha1.AnnotationApproveRemovals, seen.Wave)
	w.look()
	w.wantAnswers("one more joined: nobody saw that", 5, 61, map[directory.RemovalAnswer]int{held: 56})
	now := w.get().Status.HeldRemovals
	w.annotate(v1alpha1.AnnotationApproveRemovals, now.Wave)
	w.look()
	w.wantAnswers("approved", 5, 61, map[directory.RemovalAnswer]int{granted: 56})
	w.wantCondition("approved", v1alpha1.ConditionRemovalsPaused, "False NothingHeld")
	if w.get().Status.HeldRemovals != nil {
		t.Error("something is held although it was approved")
	}
	if events := w.Events(); len(events) != 1 || !strings.HasPrefix(events[0], "Normal Approved Somebody approved wave "+now.Wave+": 56 people may go.") {
		t.Errorf("events %q, want one of the approval", events)
	}
	w.deleted(61, 62)
	w.wantAnswers("what was approved does not count", 61, 62, map[directory.RemovalAnswer]int{granted: 1})
	w.deleted(100, 170)
	w.later(time.Minute)
	w.wantAnswers("the word is no switch", 62, 62, map[directory.RemovalAnswer]int{})
	w.wantCondition("the word is no switch", v1alpha1.ConditionRemovalsPaused, "True TooManyRemovals")
}

// wantTripped wants one alarm and one event of the rail since the last look.
func (w *world) wantTripped(rail alarm.Rail, event string) {
	w.Helper()
	if diff := cmp.Diff(map[alarm.Rail]int{rail: 1}, w.Tripped()); diff != "" {
		w.Errorf("tripped (-want +got):\n%s", diff)
	}
	if events := w.Events(); len(events) != 1 || !strings.HasPrefix(events[0], event) {
		w.Errorf("events %q, want one: %s", events, event)
	}
}

// Few more than the floor go together, when no more came for a while.
func TestBY4_AWaveSettles(t *testing.T) {
	w := populated(t, 200)
	w.deleted(0, 10)
	w.wantAnswers("at once", 0, 10, map[directory.RemovalAnswer]int{granted: 5, waits: 5})
	if again := w.look().RequeueAfter; again <= 0 || again > 10*time.Second {
		t.Errorf("looked at again after %s, want when it has settled", again)
	}
	w.Clock.Step(9 * time.Second)
	w.deleted(10, 20)
	w.look()
	w.later(9 * time.Second)
	w.wantAnswers("more came", 0, 20, map[directory.RemovalAnswer]int{granted: 5, waits: 15})
	w.later(time.Second)
	w.wantAnswers("settled", 0, 20, map[directory.RemovalAnswer]int{granted: 20})
	w.wantCondition("nothing was stopped", v1alpha1.ConditionRemovalsPaused, "False NothingHeld")

	// One by one, as a prune deletes them: the limit counts them all the same.
	for n := 20; n < 50; n++ {
		w.deleted(n, n+1)
		w.look()
		w.later(11 * time.Second)
	}
	w.wantAnswers("a quarter", 0, 50, map[directory.RemovalAnswer]int{granted: 50})
	w.deleted(50, 51)
	w.look()
	w.wantCondition("one more than a quarter", v1alpha1.ConditionRemovalsPaused, "True TooManyRemovals")
	w.wantAnswers("one more than a quarter", 50, 51, map[directory.RemovalAnswer]int{held: 1})
}

// A stop ends when the limit is raised, and when others take the memberships over.
func TestBY4_AStopEnds(t *testing.T) {
	for name, ends := range map[string]func(*world){
		"the limit is raised": func(w *world) {
			half := int32(50)
			w.edit(func(o *v1alpha1.Organization) { o.Spec.Safety.MaxRemovals.Percent = &half })
		},
		"somebody applies them again": func(w *world) {
			for n := range 15 {
				w.Apply(testkit.User("again-"+numbered(n), func(u *v1alpha1.User) { u.Spec.Email = numbered(n) + "@example.com" }))
			}
		},
		"they stay in the backend": func(w *world) {
			for n := range 15 {
				stage.Edit(w.Stage, numbered(n), func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRetain })
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := populated(t, 40)
			w.deleted(0, 20)
			w.look()
			w.wantCondition("20 of 40", v1alpha1.ConditionRemovalsPaused, "True TooManyRemovals")
			ends(w)
			w.look()
			w.wantCondition("over", v1alpha1.ConditionRemovalsPaused, "False NothingHeld")
			w.later(time.Minute)
			w.later(time.Minute)
			w.wantAnswers("over", 15, 20, map[directory.RemovalAnswer]int{granted: 5})
		})
	}
}

// A manager that restarts knows what was stopped, and waits anew for what was not.
func TestBY4_RailsSurviveARestart(t *testing.T) {
	w := populated(t, 40)
	w.deleted(0, 20)
	w.look()
	wave := w.get().Status.HeldRemovals.Wave
	stage.SetStatus(w.Stage, testkit.Clinic, func(o *v1alpha1.Organization) { o.Status = v1alpha1.OrganizationStatus{} })
	w.start()
	w.look()
	if got := w.get().Status.HeldRemovals; got == nil || got.Wave != wave {
		t.Errorf("held %+v, want wave %s again", got, wave)
	}
	if got := w.Tripped()[alarm.Removals]; got != 1 {
		t.Errorf("tripped %d times, want once", got)
	}
}

// A database that does not answer stops nobody else, and lets nobody go.
func TestBY4_RailsWithoutTheLedger(t *testing.T) {
	w := populated(t, 40)
	w.deleted(0, 8)
	w.rail.looking = directory.Errorf(directory.KindUnavailable, "look at the removals", "no answer")
	if again := w.look().RequeueAfter; again <= 0 || again > 10*time.Second {
		t.Errorf("looked at again after %s, want soon", again)
	}
	w.wantCondition("the rest goes on", v1alpha1.ConditionReady, "True Succeeded")
	w.rail.looking = nil
	w.look()
	w.later(10 * time.Second)
	w.wantAnswers("it answers", 0, 8, map[directory.RemovalAnswer]int{granted: 8})
}

// Members whom nobody declares are part of the wave, and go with it.
func TestBY4_UndeclaredMembersInAWave(t *testing.T) {
	people := make([]string, 20)
	for n := range people {
		people[n] = numbered(n)
	}
	w := settled(t, removing, people...)
	w.look()
	w.look()
	wave := w.get().Status.HeldRemovals
	if wave == nil || wave.Waiting != 15 || wave.Done != 5 {
		t.Fatalf("held %+v, want all but the floor", wave)
	}
	w.annotate(v1alpha1.AnnotationApproveRemovals, wave.Wave)
	w.look()
	w.look()
	w.wantGone("all", people...)
}

var mailCommand = regexp.MustCompile("iam.rollcall.dev/approve-invitations=([0-9a-f-]+)`")

// Far more mail than usual stops, and one word lets it leave.
func TestBY4_ASurgeOfInvitations(t *testing.T) {
	two, five := int32(2), int32(5)
	w := newWorld(t, testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.Safety.MaxInvitations = v1alpha1.InvitationLimit{Floor: &two, Window: &metav1.Duration{Duration: 90 * time.Minute}}
		o.Spec.Invitations.MaxPerHour = &five
	}))
	w.look()
	for n := range 7 {
		_, err := w.Stage.Ledger.Invite(w.Context(), directory.InvitationRequest{
			Organization: stage.OrganizationID(), Address: numbered(n) + "@example.com", Revision: 1, Mail: true, ExpiresAfter: time.Hour,
		})
		must(w, err)
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 0 {
		t.Errorf("%d mails left", n)
	}
	w.Events()
	w.look()
	wave := w.get().Status.HeldInvitations
	if wave == nil || wave.Waiting != 7 || wave.Limit != 2 {
		t.Fatalf("held %+v, want seven", wave)
	}
	w.wantMessage("stopped", v1alpha1.ConditionInvitationsPaused, "True TooManyInvitations",
		"7 people who are in no InviteBatch would be mailed within 1h30m, more than 2; to let these 7 leave: "+
			"`kubectl annotate organization clinic -n team --overwrite iam.rollcall.dev/approve-invitations=WAVE`.", wave.Wave)
	w.wantTripped(alarm.Invitations, "Warning TooManyInvitations 7 people")
	w.annotate(v1alpha1.AnnotationApproveInvitations, "1-0123456789")
	w.look()
	w.wantCondition("another word", v1alpha1.ConditionInvitationsPaused, "True TooManyInvitations")
	word := mailCommand.FindStringSubmatch(stage.Message(w.get().Status.Conditions, v1alpha1.ConditionInvitationsPaused))
	w.annotate(v1alpha1.AnnotationApproveInvitations, word[1])
	w.look()
	w.wantCondition("approved", v1alpha1.ConditionInvitationsPaused, "False NothingHeld")
	if w.get().Status.HeldInvitations != nil {
		t.Error("something is held although it was approved")
	}
	if events := w.Events(); len(events) != 1 || !strings.Contains(events[0], "7 invitations are mailed") {
		t.Errorf("events %q, want one of the approval", events)
	}
	if n := w.Deliver(directory.ResultSent, ""); n != 5 {
		t.Errorf("%d mails left, want as many as may within an hour", n)
	}
}

// An organization that nothing happens to is not written to.
func TestPromise_RailsAreQuiet(t *testing.T) {
	w := populated(t, 40)
	w.deleted(0, 20)
	w.look()
	w.Writes()
	w.later(time.Minute)
	w.later(time.Minute)
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("%v although nothing changed", writes)
	}
}
