package status_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

// budget is a kind of Kubernetes' own whose status has the two fields that every
// status of ours has; this package knows no domain.
type budget = policyv1.PodDisruptionBudget

const resync = 10 * time.Hour

// world is a stage with a reporter for one object, whose steps are First and
// Second.
type world struct {
	*testing.T
	*stage.Stage
	reporter *status.Reporter[*budget]
}

func newWorld(t *testing.T, edits ...func(*status.Options[*budget])) *world {
	t.Helper()
	s := stage.New(t)
	options := status.Options[*budget]{
		Client: s.Client, Clock: s.Clock, Recorder: s.Recorder, Resync: resync,
		Fields: func(b *budget) status.Fields {
			return status.Fields{ObservedGeneration: &b.Status.ObservedGeneration, Conditions: &b.Status.Conditions}
		},
		Steps: []string{"First", "Second"}, Beside: []string{"Pending"}, Announce: []string{"Second", "Pending"},
	}
	for _, edit := range edits {
		edit(&options)
	}
	reporter, err := status.NewReporter(options)
	if err != nil {
		t.Fatal(err)
	}
	b := &budget{}
	b.Namespace, b.Name = "team", "thing"
	s.Apply(b)
	return &world{T: t, Stage: s, reporter: reporter}
}

func (w *world) object() *budget { return stage.Get[budget](w.Stage, "thing") }

// finish reports an outcome for the object as it stands.
func (w *world) finish(out phase.Outcome, changes ...func(*budget)) (reconcile.Result, error) {
	w.Helper()
	after := w.object()
	before := after.DeepCopy()
	for _, change := range changes {
		change(after)
	}
	return w.reporter.Finish(w.Context(), before, after, out)
}

// finished is finish without an error.
func (w *world) finished(out phase.Outcome, changes ...func(*budget)) reconcile.Result {
	w.Helper()
	result, err := w.finish(out, changes...)
	if err != nil {
		w.Fatal(err)
	}
	return result
}

// looks are the conditions, in order, as "Type Status Reason generation".
func (w *world) looks() []string {
	w.Helper()
	var lines []string
	for _, c := range w.object().Status.Conditions {
		lines = append(lines, fmt.Sprintf("%s %s %s %d", c.Type, c.Status, c.Reason, c.ObservedGeneration))
	}
	return lines
}

func (w *world) wantLooks(reason string, want ...string) {
	w.Helper()
	if diff := cmp.Diff(want, w.looks()); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

// steps is the outcome in which the steps gave these answers.
func steps(answers ...phase.Answer) phase.Outcome {
	var out phase.Outcome
	for i, a := range answers {
		out.Steps = append(out.Steps, phase.Step{Condition: []string{"First", "Second"}[i], Answer: a})
	}
	return out
}

func done() phase.Answer { return phase.Done("Succeeded", "It is as declared.") }

var errBroken = errors.New("broken")

// answers are one of each word, with the second step where it is not the first.
func answers() map[string]phase.Answer {
	return map[string]phase.Answer{
		"done":    done(),
		"waiting": phase.Waiting("ReferenceNotFound", "Waits for something."),
		"stalled": phase.Stalled("InvalidSpec", "The spec is wrong."),
		"failed":  phase.Failed(errBroken, time.Minute, "BackendUnavailable", "It does not answer; it is tried again."),
	}
}

func TestFinish_Words(t *testing.T) {
	for name, want := range map[string][]string{
		"done":    {"Ready True Succeeded 1", "First True Succeeded 1", "Second True Succeeded 1", "Pending Unknown Progressing 1"},
		"waiting": {"Ready False ReferenceNotFound 1", "Reconciling True Progressing 1", "First True Succeeded 1", "Second False ReferenceNotFound 1", "Pending Unknown Progressing 1"},
		"stalled": {"Ready False InvalidSpec 1", "Stalled True InvalidSpec 1", "First True Succeeded 1", "Second False InvalidSpec 1", "Pending Unknown Progressing 1"},
		"failed":  {"Ready False BackendUnavailable 1", "Reconciling True ProgressingWithRetry 1", "First True Succeeded 1", "Second False BackendUnavailable 1", "Pending Unknown Progressing 1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.finished(steps(done(), answers()[name]))
			w.wantLooks(name, want...)
			if got := w.object().Status.ObservedGeneration; got != 1 {
				t.Errorf("observedGeneration %d, want 1", got)
			}
		})
	}
}

// From every word to every other: nothing of the former is left, and every
// state on the way follows the rules of kstatus, which the stage checks.
func TestFinish_EveryTransition(t *testing.T) {
	for from, before := range answers() {
		for to, after := range answers() {
			t.Run(from+" to "+to, func(t *testing.T) {
				w, fresh := newWorld(t), newWorld(t)
				w.finished(steps(done(), before))
				w.finished(steps(done(), after))
				fresh.finished(steps(done(), after))
				w.wantLooks("as if it had never been otherwise", fresh.looks()...)
			})
		}
	}
}

func TestFinish_AStepThatDidNotRun(t *testing.T) {
	w := newWorld(t)
	w.finished(steps(phase.Waiting("ReferenceNotFound", "Waits for something.")))
	w.wantLooks("a later step is unknown on first sight",
		"Ready False ReferenceNotFound 1", "Reconciling True Progressing 1",
		"First False ReferenceNotFound 1", "Second Unknown Progressing 1", "Pending Unknown Progressing 1")

	w.finished(steps(done(), done()))
	w.finished(steps(phase.Waiting("ReferenceNotFound", "Waits for something.")))
	w.wantLooks("what was found out about this generation stays",
		"Ready False ReferenceNotFound 1", "Reconciling True Progressing 1",
		"First False ReferenceNotFound 1", "Second True Succeeded 1", "Pending Unknown Progressing 1")

	w.edit()
	w.finished(steps(phase.Waiting("ReferenceNotFound", "Waits for something.")))
	w.wantLooks("what was found out about an older generation is forgotten, beside Ready it stays",
		"Ready False ReferenceNotFound 2", "Reconciling True Progressing 2",
		"First False ReferenceNotFound 2", "Second Unknown Progressing 2", "Pending Unknown Progressing 1")
}

func (w *world) edit() {
	w.Helper()
	stage.Edit(w.Stage, "thing", func(b *budget) {
		b.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"edited": "1"}}
	})
}

func TestFinish_OnlySaysSomethingAboutTheWhole(t *testing.T) {
	w := newWorld(t)
	w.finished(steps(done(), phase.Stalled("InvalidSpec", "The spec is wrong.")))
	w.edit()
	result := w.finished(phase.Only(phase.Done("Suspended", "Suspended by spec.suspend.")))
	w.wantLooks("the steps are as they were",
		"Ready True Suspended 2", "First True Succeeded 1", "Second False InvalidSpec 1", "Pending Unknown Progressing 1")
	if got := stage.Message(w.object().Status.Conditions, "Ready"); got != "Suspended by spec.suspend." {
		t.Errorf("Ready says %q, want what was said about the whole", got)
	}
	wantWithin(t, result.RequeueAfter, resync, resync+resync/10)

	w.finished(phase.Only(phase.Failed(errBroken, time.Minute, "BackendUnavailable", "It does not answer.")))
	w.wantLooks("the steps are as they were",
		"Ready False BackendUnavailable 2", "Reconciling True ProgressingWithRetry 2",
		"First True Succeeded 1", "Second False InvalidSpec 1", "Pending Unknown Progressing 1")
}

func TestFinish_NothingToSay(t *testing.T) {
	w := newWorld(t)
	if result := w.finished(phase.Outcome{}); !result.IsZero() {
		t.Errorf("result %v, want none: the object has gone", result)
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v for an object that has gone", writes)
	}
}

// Converged means quiet, and so does waiting: a second look that finds the same
// writes nothing, however much later it comes.
func TestPromise_AnUnchangedStatusIsNotWritten(t *testing.T) {
	for name, a := range answers() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.finished(steps(done(), a))
			w.age(time.Hour)
			w.Writes()
			w.Events()
			w.finished(steps(done(), a))
			if writes := w.Writes(); len(writes) > 0 {
				t.Errorf("wrote %v, and nothing had changed", writes)
			}
			if events := w.Events(); len(events) > 0 {
				t.Errorf("told %q, and nothing had happened", events)
			}
		})
	}
}

// age makes all transitions lie further in the past: they have whole seconds,
// so two looks of one test would otherwise be at the same time.
func (w *world) age(by time.Duration) {
	w.Helper()
	stage.SetStatus(w.Stage, "thing", func(b *budget) {
		for i := range b.Status.Conditions {
			c := &b.Status.Conditions[i]
			c.LastTransitionTime = metav1.NewTime(c.LastTransitionTime.Add(-by))
		}
	})
}

// What a reconcile wrote to the metadata on its way is no part of the patch.
func TestFinish_WritesTheStatusAlone(t *testing.T) {
	w := newWorld(t)
	w.finished(steps(done(), done()), func(b *budget) { b.Labels = map[string]string{"a": "b"} })
	if got := w.object(); len(got.Labels) > 0 || len(got.Status.Conditions) == 0 {
		t.Errorf("labels %v and %d conditions, want the status alone", got.Labels, len(got.Status.Conditions))
	}
	if diff := cmp.Diff([]stage.Write{{Verb: stage.VerbStatus, Kind: "PodDisruptionBudget", Name: "thing"}}, w.Writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func conflict() error {
	return apierrors.NewConflict(schema.GroupResource{Resource: "things"}, "thing", errors.New("it was modified"))
}

// A conflict with another writer is never told to anybody: neither as an error,
// nor in a status or event. It is looked at again soon.
func TestFinish_Conflicts(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		answer phase.Answer
		edited bool
	}{
		"of a phase":    {"a phase wrote under an old resourceVersion", phase.Failed(fmt.Errorf("patch: %w", conflict()), 0, "ProgressingWithRetry", "It failed."), false},
		"of the status": {"somebody edited the object meanwhile", done(), true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.edited {
				w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, Call: 1, Meanwhile: w.edit})
			}
			result, err := w.finish(steps(done(), test.answer))
			if err != nil {
				t.Errorf("%s: error %v, want none", test.reason, err)
			}
			wantWithin(t, result.RequeueAfter, time.Millisecond, time.Second)
			if got := w.looks(); len(got) > 0 {
				t.Errorf("%s: the status says %q, want nothing", test.reason, got)
			}
			if got := w.Events(); len(got) > 0 {
				t.Errorf("%s: events %q, want none", test.reason, got)
			}
			w.finished(steps(done(), done()))
			if got := stage.Condition(w.object().Status.Conditions, "Ready"); got != "True Succeeded" {
				t.Errorf("Ready is %q after the next look", got)
			}
		})
	}
}

func TestFinish_ErrorsOfTheWrite(t *testing.T) {
	w := newWorld(t)
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, Err: apierrors.NewServiceUnavailable("try later")})
	if _, err := w.finish(steps(done(), done())); !apierrors.IsServiceUnavailable(err) {
		t.Errorf("error %v, want the API server's, so that it is tried again", err)
	}
	if got := w.Events(); len(got) > 0 {
		t.Errorf("events %q of a status that nobody can read", got)
	}
	withdraw()

	after := w.object()
	before := after.DeepCopy()
	stage.Delete[budget](w.Stage, "thing")
	result, err := w.reporter.Finish(w.Context(), before, after, steps(done(), done()))
	if err != nil {
		t.Errorf("error %v for an object that is gone, want none (%v)", err, result)
	}
}

func TestFinish_ALostReplyIsMadeUpFor(t *testing.T) {
	w := newWorld(t)
	withdraw := w.FailAPI(stage.APIFault{Verb: stage.VerbStatus, After: true, Err: apierrors.NewTimeoutError("no answer", 1)})
	if _, err := w.finish(steps(done(), done())); err == nil {
		t.Error("a lost reply is no error")
	}
	withdraw()
	w.Writes()
	w.finished(steps(done(), done()))
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v, and the first write had been taken", writes)
	}
}

func TestFinish_Requeue(t *testing.T) {
	for name, test := range map[string]struct {
		reason   string
		answer   phase.Answer
		from, to time.Duration
		err      error
	}{
		"done":                {"nothing to do until something changes", done(), resync, resync + resync/10, nil},
		"done until soon":     {"at that time", phase.DoneUntil(start.Add(time.Hour), "MailSent", "It was sent."), time.Hour, time.Hour, nil},
		"done until later":    {"the resync comes first", phase.DoneUntil(start.Add(100*time.Hour), "MailSent", "It was sent."), resync, resync + resync/10, nil},
		"done until a past":   {"at once, and not never", phase.DoneUntil(start.Add(-time.Hour), "MailSent", "It was sent."), 1, time.Second, nil},
		"waiting":             {"events may be missed", phase.Waiting("DependencyNotReady", "Waits."), time.Minute, time.Minute + 6*time.Second, nil},
		"waiting for":         {"at a known time", phase.WaitingFor(time.Hour, "RateLimited", "Waits."), time.Hour, time.Hour + 6*time.Minute, nil},
		"stalled":             {"only an edit helps", phase.Stalled("InvalidSpec", "It is wrong."), 0, 0, nil},
		"stalled until":       {"time alone changes what is told", phase.StalledUntil(start.Add(time.Hour), "MailRejected", "It was refused."), time.Hour, time.Hour, nil},
		"failed, said when":   {"the backend gave a time", phase.Failed(errBroken, time.Hour, "BackendRateLimited", "It is tried again."), time.Hour, time.Hour + 6*time.Minute, nil},
		"failed, did not say": {"backoff is the queue's", phase.Failed(errBroken, 0, "BackendUnavailable", "It is tried again."), 0, 0, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			result, err := w.finish(steps(done(), test.answer))
			if !errors.Is(err, test.err) {
				t.Errorf("%s: error %v, want %v", test.reason, err, test.err)
			}
			wantWithin(t, result.RequeueAfter, test.from, test.to)
		})
	}
}

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// The time that a first step wants is not lost when the last one has none.
func TestFinish_TheEarliestTimeCounts(t *testing.T) {
	w := newWorld(t, func(o *status.Options[*budget]) { o.Resync = 0 })
	result := w.finished(steps(phase.DoneUntil(start.Add(time.Minute), "MailSent", "It was sent."), done()))
	wantWithin(t, result.RequeueAfter, time.Minute, time.Minute)
	if result := w.finished(steps(done(), done())); !result.IsZero() {
		t.Errorf("result %v without a resync, want never", result)
	}
}

func wantWithin(t *testing.T, got, from, to time.Duration) {
	t.Helper()
	if got < from || got > to {
		t.Errorf("looks again after %s, want from %s to %s", got, from, to)
	}
}

func TestFinish_Events(t *testing.T) {
	w := newWorld(t)
	told := func(reason string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.Events()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
	pending := func(is metav1.ConditionStatus, reason string) func(*budget) {
		return func(b *budget) {
			status.Set(&b.Status.Conditions, b.Generation, metav1.Condition{Type: "Pending", Status: is, Reason: reason, Message: "It is so."})
		}
	}
	w.finished(steps(done()))
	told("only what is announced, and nothing unknown")
	w.finished(steps(done(), phase.Waiting("MailQueued", "The mail waits at 100%.")))
	told("a new reason, with the message as it is", "Normal MailQueued The mail waits at 100%.")
	w.finished(steps(done(), phase.Waiting("MailQueued", "Another sentence.")))
	told("the same reason is no news")
	w.finished(steps(done(), phase.Stalled("MailRejected", "It was refused.")), pending(metav1.ConditionTrue, "AwaitingAcceptance"))
	told("what stalls is a warning, what stands beside is not", "Warning MailRejected It was refused.", "Normal AwaitingAcceptance It is so.")
	w.finished(steps(done(), phase.Done("MailSent", "It was sent.")))
	told("it has happened", "Normal MailSent It was sent.")
}

func TestFinish_MessagesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.finished(steps(phase.Waiting("ReferenceNotFound", "Waits for "+strings.Repeat("ä", 40_000)+".")))
	got := stage.Message(w.object().Status.Conditions, "Ready")
	if n := len([]rune(got)); n > 1100 || !strings.HasSuffix(got, "ä…") {
		t.Errorf("a message of %d characters, want it cut between two and marked", n)
	}
}

func TestNewReporter_NamesWhatIsMissing(t *testing.T) {
	s := stage.New(t)
	whole := status.Options[*budget]{
		Client: s.Client, Clock: s.Clock, Recorder: s.Recorder, Fields: func(*budget) status.Fields { return status.Fields{} },
	}
	if _, err := status.NewReporter(whole); err != nil {
		t.Fatal(err)
	}
	for name, take := range map[string]func(*status.Options[*budget]){
		"Client":   func(o *status.Options[*budget]) { o.Client = nil },
		"Clock":    func(o *status.Options[*budget]) { o.Clock = nil },
		"Recorder": func(o *status.Options[*budget]) { o.Recorder = nil },
		"Fields":   func(o *status.Options[*budget]) { o.Fields = nil },
	} {
		less := whole
		take(&less)
		if _, err := status.NewReporter(less); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: error %v, want one that names it", name, err)
		}
	}
}

// What is over in a moment is not written: neither the status nor an event.
func TestFinish_Briefly(t *testing.T) {
	w := newWorld(t)
	w.finished(steps(done(), phase.Waiting("ReferenceNotFound", "Waits for something.")))
	before, events := w.looks(), w.Events()
	if len(events) != 1 {
		t.Fatalf("events %v", events)
	}
	result := w.finished(steps(done(), phase.Briefly(time.Second, "Progressing", "It is there in a moment.")))
	w.wantLooks("as before", before...)
	if got := w.Events(); len(got) > 0 {
		t.Errorf("events %v, want none", got)
	}
	if result.RequeueAfter != time.Second {
		t.Errorf("looks again after %s, want the second that was given", result.RequeueAfter)
	}
}

// A reason that is on its way to another one is told in the status only.
func TestFinish_SilentReasons(t *testing.T) {
	w := newWorld(t, func(o *status.Options[*budget]) { o.Silent = []string{"Progressing"} })
	w.finished(steps(done(), phase.Waiting("Progressing", "It is on its way.")))
	if got := w.Events(); len(got) > 0 {
		t.Errorf("events %v, want none", got)
	}
	w.finished(steps(done(), done()))
	if got := w.Events(); len(got) != 1 {
		t.Errorf("events %v, want that it is there", got)
	}
}
