package gitops_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/status/statustest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/gitops"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	must(t, v1alpha1.AddToScheme(s))
	return s
}

func load(t *testing.T) *gitops.Tools {
	t.Helper()
	tools, err := gitops.Load(testkit.Repository(), scheme(t))
	must(t, err)
	return tools
}

// kind is one of ours, and a way to have its status written as its controller does.
type kind struct {
	// open makes an object, and returns what reports an outcome on it, and
	// returns it as the API has it then.
	open func(t *testing.T) func(phase.Outcome) client.Object
	// steps are the conditions of its phases.
	steps []string
}

// object is a pointer to K.
type object[K any] interface {
	*K
	client.Object
}

func kindOf[K any, T object[K]](steps, beside []string, fields func(T) status.Fields) kind {
	return kind{steps: steps, open: func(t *testing.T) func(phase.Outcome) client.Object {
		t.Helper()
		o := T(new(K))
		o.SetNamespace("team")
		o.SetName("thing")
		o.SetGeneration(1)
		held := client.Object(o)
		reporter, err := status.NewReporter(status.Options[T]{
			Client: holding(t, &held), Clock: testingclock.NewFakePassiveClock(time.Unix(0, 0)), Recorder: events.NewFakeRecorder(100_000),
			Fields: fields, Steps: steps, Beside: beside,
		})
		must(t, err)
		return func(out phase.Outcome) client.Object {
			before, after := copied[T](t, held), copied[T](t, held)
			// The error of a step that failed is its controller's matter.
			_, _ = reporter.Finish(t.Context(), before, after, out)
			return copied[T](t, held)
		}
	}}
}

// holding is an API that keeps the one object whose status is written. That what
// is written is a patch which an API takes is tested with the reporter; done by
// the thousand, it would take most of the time.
func holding(t *testing.T, held *client.Object) client.Client {
	t.Helper()
	return interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme(t)).Build(), interceptor.Funcs{
		SubResourcePatch: func(
			_ context.Context, _ client.Client, _ string, written client.Object, _ client.Patch, _ ...client.SubResourcePatchOption,
		) error {
			*held = copied[client.Object](t, written)
			return nil
		},
	})
}

func copied[T client.Object](t *testing.T, o client.Object) T {
	t.Helper()
	c, ok := o.DeepCopyObject().(T)
	if !ok {
		t.Fatalf("a copy of a %T is a %T", o, c)
	}
	return c
}

func kinds() map[string]kind {
	resolved, provisioned := v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionProvisioned
	return map[string]kind{
		"IdentityBackend": kindOf([]string{v1alpha1.ConditionReachable, v1alpha1.ConditionCredentialsValid}, nil, func(o *v1alpha1.IdentityBackend) status.Fields {
			return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
		}),
		"Organization": kindOf([]string{v1alpha1.ConditionBackendReady, provisioned},
			[]string{v1alpha1.ConditionRemovalsPaused, v1alpha1.ConditionInvitationsPaused, v1alpha1.ConditionDriftDetected},
			func(o *v1alpha1.Organization) status.Fields {
				return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
			}),
		"BusinessUnit": kindOf([]string{resolved, provisioned}, nil, func(o *v1alpha1.BusinessUnit) status.Fields {
			return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
		}),
		"Role": kindOf([]string{resolved, provisioned}, nil, func(o *v1alpha1.Role) status.Fields {
			return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
		}),
		"User": kindOf([]string{resolved, provisioned, v1alpha1.ConditionAccessApplied, v1alpha1.ConditionInvited},
			[]string{v1alpha1.ConditionPending, v1alpha1.ConditionAccepted}, func(o *v1alpha1.User) status.Fields {
				return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
			}),
		"InviteBatch": kindOf([]string{resolved, v1alpha1.ConditionExpanded}, []string{v1alpha1.ConditionCompleted},
			func(o *v1alpha1.InviteBatch) status.Fields {
				return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
			}),
		"InviteLink": kindOf([]string{resolved, v1alpha1.ConditionPublished}, []string{v1alpha1.ConditionOpen},
			func(o *v1alpha1.InviteLink) status.Fields {
				return status.Fields{ObservedGeneration: &o.Status.ObservedGeneration, Conditions: &o.Status.Conditions}
			}),
	}
}

// outcome is what a phase may answer, and how everybody has to see the object then.
type outcome struct {
	answer func(reason string) phase.Answer
	argo   gitops.Health
}

func outcomes() map[string]outcome {
	broken := errors.New("broken")
	return map[string]outcome{
		"done":      {func(r string) phase.Answer { return phase.Done(r, "It is done.") }, gitops.Healthy},
		"doneUntil": {func(r string) phase.Answer { return phase.DoneUntil(time.Unix(60, 0), r, "It is done.") }, gitops.Healthy},
		"waiting":   {func(r string) phase.Answer { return phase.Waiting(r, "It waits.") }, gitops.Progressing},
		"failed":    {func(r string) phase.Answer { return phase.Failed(broken, 0, r, "It failed.") }, gitops.Progressing},
		"stalled":   {func(r string) phase.Answer { return phase.Stalled(r, "It is stuck.") }, gitops.Degraded},
		"stalledUntil": {
			func(r string) phase.Answer { return phase.StalledUntil(time.Unix(60, 0), r, "It is stuck.") }, gitops.Degraded,
		},
	}
}

// answers is the outcome in which the steps before the given one are done.
func answers(k kind, step int, a phase.Answer) phase.Outcome {
	var out phase.Outcome
	for i := range step {
		out.Steps = append(out.Steps, phase.Step{Condition: k.steps[i], Answer: phase.Done(v1alpha1.ReasonSucceeded, "It is done.")})
	}
	out.Steps = append(out.Steps, phase.Step{Condition: k.steps[step], Answer: a})
	if a.Word == phase.WordDone {
		for _, later := range k.steps[step+1:] {
			out.Steps = append(out.Steps, phase.Step{Condition: later, Answer: phase.Done(v1alpha1.ReasonSucceeded, "It is done.")})
		}
	}
	return out
}

// Every step of every kind, with every answer, under every reason that the API
// has: the three evaluators see the same, and what the answer means.
func TestPromise_AllToolsAgreeOnEveryOutcome(t *testing.T) {
	tools, reasons := load(t), statustest.APIVocabulary()
	if len(reasons) < 20 {
		t.Fatalf("only %d reasons", len(reasons))
	}
	for kindName, k := range kinds() {
		t.Run(kindName, func(t *testing.T) {
			t.Parallel()
			finish := k.open(t)
			for step := range k.steps {
				for word, o := range outcomes() {
					for reason := range reasons {
						object := finish(answers(k, step, o.answer(reason)))
						want(t, tools, fmt.Sprintf("%s %s %s", k.steps[step], word, reason), object, o.argo)
					}
				}
			}
		})
	}
}

func want(t *testing.T, tools *gitops.Tools, what string, o client.Object, argo gitops.Health) {
	t.Helper()
	v, err := tools.See(o)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if v.Argo != argo || !v.Agree() || v.Message == "" {
		t.Errorf("%s: want %s everywhere, seen as %+v", what, argo, v)
	}
}

// What is said about an object as a whole, and what its metadata says.
func TestPromise_AllToolsAgreeOnTheWholeObject(t *testing.T) {
	tools := load(t)
	now := metav1.Now()
	for kindName, k := range kinds() {
		settled := answers(k, len(k.steps)-1, phase.Done(v1alpha1.ReasonSucceeded, "It is done."))
		for name, tc := range map[string]struct {
			edit   func(client.Object)
			out    phase.Outcome
			want   gitops.Health
			reason string
		}{
			"suspended": {
				out:    phase.Only(phase.Done(v1alpha1.ReasonSuspended, "Suspended by spec.suspend.")),
				want:   gitops.Suspended,
				reason: "Argo CD has a word for what was paused on purpose",
			},
			"planned": {
				out:    phase.Only(phase.Halted(v1alpha1.ReasonPlanned, "The Organization only plans.")),
				want:   gitops.Healthy,
				reason: "the operator has done all it is to do, and a pipeline must not wait for it",
			},
			"edited": {
				edit: func(o client.Object) { o.SetGeneration(o.GetGeneration() + 1) },
				want: gitops.Progressing, reason: "nobody has looked at the new generation",
			},
			"going": {
				edit: func(o client.Object) { o.SetDeletionTimestamp(&now) },
				want: gitops.Progressing, reason: "what goes is not there yet, however ready it was",
			},
		} {
			t.Run(kindName+" "+name, func(t *testing.T) {
				finish := k.open(t)
				object := finish(settled)
				if len(tc.out.Steps) > 0 {
					object = finish(tc.out)
				}
				if tc.edit != nil {
					tc.edit(object)
				}
				want(t, tools, tc.reason, object, tc.want)
			})
		}
	}
}

// An object that nobody has looked at is given observedGeneration -1 by its CRD,
// or kstatus would take it for done.
func TestPromise_NobodyTakesAFreshObjectForDone(t *testing.T) {
	tools := load(t)
	fresh := &v1alpha1.User{}
	fresh.Generation, fresh.Status.ObservedGeneration = 1, -1
	want(t, tools, "fresh", fresh, gitops.Progressing)
}

// Whoever looks at a tool is told what to know.
func TestSee_Messages(t *testing.T) {
	condition := func(kind string, is metav1.ConditionStatus, message string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: is, Reason: v1alpha1.ReasonSucceeded, Message: message}
	}
	ready := condition(v1alpha1.ConditionReady, metav1.ConditionTrue, "Everything is as declared.")
	now := metav1.Now()
	tools := load(t)
	for name, tc := range map[string]struct {
		object client.Object
		want   gitops.Views
		reason string
	}{
		"pending person": {
			object: person(nil, ready, condition(v1alpha1.ConditionPending, metav1.ConditionTrue, "Waits for the person.")),
			want:   gitops.Views{Argo: gitops.Healthy, Flux: gitops.Healthy, Kstatus: gitops.Healthy, Message: "Waits for the person."},
			reason: "Ready does not wait for a human, and one may want to know that it is their turn",
		},
		"accepted person": {
			object: person(nil, ready, condition(v1alpha1.ConditionPending, metav1.ConditionFalse, "The person accepted.")),
			want:   gitops.Views{Argo: gitops.Healthy, Flux: gitops.Healthy, Kstatus: gitops.Healthy, Message: "Everything is as declared."},
			reason: "nothing is outstanding",
		},
		"kept by a rail": {
			object: person(&now, ready, condition(v1alpha1.ConditionRemovalBlocked, metav1.ConditionTrue, "The last administrator stays.")),
			want: gitops.Views{
				Argo: gitops.Progressing, Flux: gitops.Progressing, Kstatus: gitops.Progressing, Message: "The last administrator stays.",
			},
			reason: "why it does not go is the one thing to know",
		},
		"new": {
			object: person(nil),
			want: gitops.Views{
				Argo: gitops.Progressing, Flux: gitops.Progressing, Kstatus: gitops.Progressing, Message: "Waits to be looked at.",
			},
			reason: "there is nothing to tell yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tools.See(tc.object)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func person(deleted *metav1.Time, conditions ...metav1.Condition) *v1alpha1.User {
	u := &v1alpha1.User{}
	u.Generation, u.DeletionTimestamp, u.Status.Conditions = 3, deleted, conditions
	u.Status.ObservedGeneration = -1
	if len(conditions) > 0 {
		u.Status.ObservedGeneration = 3
	}
	return u
}

// A kind that is added needs its health checks, and the scheme knows all kinds.
func TestSee_EveryKindOfTheAPI(t *testing.T) {
	tools, tried, known := load(t), kinds(), scheme(t)
	var missing []string
	for name := range known.KnownTypes(v1alpha1.GroupVersion()) {
		object, err := known.New(v1alpha1.GroupVersion().WithKind(name))
		must(t, err)
		if _, ok := object.(client.Object); !ok {
			continue // a list, or an option
		}
		if _, ok := tried[name]; !ok {
			missing = append(missing, name+" is not in the tables of this test")
		}
		fresh := &unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"generation": int64(1)}, "status": map[string]any{"observedGeneration": int64(-1)},
		}}
		fresh.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(name))
		if _, err := tools.See(fresh); err != nil {
			missing = append(missing, err.Error())
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Error(strings.Join(missing, "\n"))
	}
}
