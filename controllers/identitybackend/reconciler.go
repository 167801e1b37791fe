package identitybackend

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// Backends finds the system that an IdentityBackend stands for.
type Backends interface {
	For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error)
}

// Options of the [Reconciler]. All are required.
type Options struct {
	Client   client.Client
	Backends Backends
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

// recheck is how often a reachable backend is asked again. There are few
// backends, so this is no polling that grows with members.
const recheck = 5 * time.Minute

// Reconciler reconciles IdentityBackends.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.IdentityBackend]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=identitybackends,verbs=get;list;watch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=identitybackends/status,verbs=patch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Backends == nil {
		return nil, errors.New("identitybackend: Client and Backends are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.IdentityBackend]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: recheck,
		Fields: func(b *v1alpha1.IdentityBackend) status.Fields {
			return status.Fields{ObservedGeneration: &b.Status.ObservedGeneration, Conditions: &b.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionReachable},
		Announce: []string{v1alpha1.ConditionReachable},
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report}, nil
}

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("identitybackend").
		For(&v1alpha1.IdentityBackend{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, r))
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, b *v1alpha1.IdentityBackend) (reconcile.Result, error) {
	before := b.DeepCopy()
	out := r.converge(ctx, b)
	return r.report.Finish(ctx, before, b, out)
}

func (r *Reconciler) converge(ctx context.Context, b *v1alpha1.IdentityBackend) phase.Outcome {
	if b.DeletionTimestamp != nil {
		return phase.Outcome{}
	}
	return phase.Run(ctx, b, phase.Phase[*v1alpha1.IdentityBackend]{Condition: v1alpha1.ConditionReachable, Run: r.reach})
}

func (r *Reconciler) reach(ctx context.Context, b *v1alpha1.IdentityBackend) phase.Answer {
	backend, err := r.Backends.For(ctx, b.Namespace, &v1alpha1.LocalReference{Name: b.Name})
	if err != nil {
		return verdict.Of(err)
	}
	if err := backend.Check(ctx); err != nil {
		return verdict.Of(err)
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "The backend answers and accepts our credentials.")
}
