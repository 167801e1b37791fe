package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/internal/phase"
)

// Fields points to the two parts of a status that every kind has.
type Fields struct {
	ObservedGeneration *int64
	Conditions         *[]metav1.Condition
}

// Options of a [Reporter].
type Options[T client.Object] struct {
	// Client writes the status.
	Client client.Client
	// Clock tells how far away a time is.
	Clock clock.PassiveClock
	// Recorder takes the events.
	Recorder events.EventRecorder
	// Fields points into an object's status.
	Fields func(T) Fields
	// Steps are the conditions that Ready sums up, in the order of the phases.
	Steps []string
	// Beside are the conditions that start as Unknown and never hold Ready back.
	Beside []string
	// Announce are the conditions whose changes are events.
	Announce []string
	// Silent are reasons under which a change is no event: what is only on its way
	// to another one. Every event is a write.
	Silent []string
	// Happened tells which events are due beside those of the conditions, given
	// the object before and after a write that succeeded; nil means none.
	Happened func(before, after T) []Happening
	// Resync is how often an object that is done is looked at although nothing
	// changed; it is jittered by a tenth. 0 means never.
	Resync time.Duration
}

// Happening is an event that no condition stands for.
type Happening struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type string
	// Reason is one of the API's.
	Reason string
	// Action is what was done, in CamelCase.
	Action string
	// Note is a sentence for the owner of the object.
	Note string
}

// Reporter writes the statuses of one kind, and counts what failed.
type Reporter[T client.Object] struct {
	Options[T]

	kind     string
	failures *prometheus.CounterVec
}

// waitingFor is how soon an object that waits is looked at again when no event
// comes: events are what it relies on, this is for one that was missed.
const waitingFor = time.Minute

// conflictAfter is how long a conflict with another writer is left alone.
const conflictAfter = 100 * time.Millisecond

// NewReporter fails when something is missing from the options.
func NewReporter[T client.Object](o Options[T]) (*Reporter[T], error) {
	if o.Client == nil || o.Clock == nil || o.Recorder == nil || o.Fields == nil {
		return nil, errors.New("status: Client, Clock, Recorder and Fields are required")
	}
	kind := kindName[T]()
	failures, err := failuresOf(kind)
	if err != nil {
		return nil, err
	}
	return &Reporter[T]{Options: o, kind: kind, failures: failures}, nil
}

// Finish writes what came of a reconcile, if anything differs from before, and
// says when to come back. It is the only status write. An object that is gone,
// and a conflict with another writer, are no errors.
func (r *Reporter[T]) Finish(ctx context.Context, before, after T, out phase.Outcome) (reconcile.Result, error) {
	if len(out.Steps) == 0 {
		return reconcile.Result{}, nil
	}
	if apierrors.IsConflict(out.Last().Err) {
		return reconcile.Result{RequeueAfter: conflictAfter}, nil
	}
	if a := out.Last(); a.Brief {
		return reconcile.Result{RequeueAfter: a.After}, nil
	}
	f := r.Fields(after)
	generation := after.GetGeneration()
	*f.ObservedGeneration = generation
	summarize(f.Conditions, generation, r.Steps, out)
	Fill(f.Conditions, generation, r.Beside...)
	slices.SortStableFunc(*f.Conditions, r.inOrder)

	err := r.write(ctx, before, after)
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: conflictAfter}, nil
	}
	if client.IgnoreNotFound(err) != nil {
		r.failures.WithLabelValues(r.kind, unwritten).Inc()
		return reconcile.Result{}, fmt.Errorf("write status: %w", err)
	}
	return r.next(ctx, out)
}

func (r *Reporter[T]) write(ctx context.Context, before, after T) error {
	was, is := *r.Fields(before).Conditions, *r.Fields(after).Conditions
	patch, err := difference(before, after)
	if err != nil || patch == nil {
		return err
	}
	if err := r.Client.Status().Patch(ctx, after, patch); err != nil {
		return err
	}
	r.announce(after, was, is)
	if r.Happened != nil {
		for _, h := range r.Happened(before, after) {
			r.Recorder.Eventf(after, nil, h.Type, h.Reason, h.Action, "%s", h.Note)
		}
	}
	return nil
}

// difference is a merge patch of what changed in the status alone, under the
// resourceVersion of after; nil when nothing did. What a reconcile wrote to the
// metadata on its way, a finalizer say, is no difference.
func difference(before, after client.Object) (client.Patch, error) {
	data, err := client.MergeFrom(before).Data(after)
	if err != nil {
		return nil, fmt.Errorf("compare statuses: %w", err)
	}
	var changed struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Status json.RawMessage `json:"status,omitempty"`
	}
	if err := json.Unmarshal(data, &changed); err != nil {
		return nil, fmt.Errorf("compare statuses: %w", err)
	}
	if len(changed.Status) == 0 {
		return nil, nil
	}
	changed.Metadata.ResourceVersion = after.GetResourceVersion()
	data, err = json.Marshal(changed)
	return client.RawPatch(types.MergePatchType, data), err
}

// announce emits an event for every announced condition that took a new reason.
func (r *Reporter[T]) announce(object T, was, is []metav1.Condition) {
	stuck := meta.FindStatusCondition(is, stalled)
	for _, kind := range r.Announce {
		old, now := meta.FindStatusCondition(was, kind), meta.FindStatusCondition(is, kind)
		if now == nil || now.Status == metav1.ConditionUnknown || (old != nil && old.Reason == now.Reason) ||
			slices.Contains(r.Silent, now.Reason) {
			continue
		}
		severity := corev1.EventTypeNormal
		if stuck != nil && stuck.Reason == now.Reason {
			severity = corev1.EventTypeWarning
		}
		r.Recorder.Eventf(object, nil, severity, now.Reason, kind, "%s", now.Message)
	}
}

func (r *Reporter[T]) next(ctx context.Context, out phase.Outcome) (reconcile.Result, error) {
	a := out.Last()
	switch a.Word {
	case phase.WordStalled:
		if a.Until.IsZero() {
			return reconcile.Result{}, nil
		}
		return reconcile.Result{RequeueAfter: r.left(a.Until)}, nil
	case phase.WordWaiting:
		return reconcile.Result{RequeueAfter: jittered(positive(a.After, waitingFor))}, nil
	case phase.WordFailed:
		r.failures.WithLabelValues(r.kind, a.Reason).Inc()
		if a.After > 0 {
			log.FromContext(ctx).Info("will try again", "reason", a.Reason, "after", a.After.String(), "error", a.Err.Error())
			return reconcile.Result{RequeueAfter: jittered(a.After)}, nil
		}
		return reconcile.Result{}, a.Err
	default:
		return reconcile.Result{RequeueAfter: r.resync(out.Until())}, nil
	}
}

func (r *Reporter[T]) resync(until time.Time) time.Duration {
	again := jittered(r.Resync)
	if until.IsZero() {
		return again
	}
	if again == 0 {
		return r.left(until)
	}
	return min(r.left(until), again)
}

// left is never zero, which would mean never.
func (r *Reporter[T]) left(until time.Time) time.Duration {
	return max(until.Sub(r.Clock.Now()), time.Millisecond)
}

// inOrder sorts Ready first, then steps, then those beside, then the rest, so
// that a status reads alike everywhere.
func (r *Reporter[T]) inOrder(a, b metav1.Condition) int {
	return r.rank(a.Type) - r.rank(b.Type)
}

func (r *Reporter[T]) rank(kind string) int {
	order := slices.Concat([]string{ready, reconciling, stalled}, r.Steps, r.Beside)
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// jittered spreads a wait by a tenth, so that objects that were applied
// together do not come back together.
func jittered(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return d + rand.N(d/10+1)
}
