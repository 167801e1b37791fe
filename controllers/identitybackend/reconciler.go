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
	"sigs.k8s.io/controller-runtime/pkg/handler"
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
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations,verbs=get;list;watch

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
		Steps:    []string{v1alpha1.ConditionReachable, v1alpha1.ConditionCredentialsValid},
		Announce: []string{v1alpha1.ConditionReachable, v1alpha1.ConditionCredentialsValid},
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
		Watches(&v1alpha1.Organization{}, handler.EnqueueRequestsFromMapFunc(named), builder.WithPredicates(listed())).
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
	s := &scope{object: b}
	out := r.unread(ctx, s)
	if len(out.Steps) == 0 {
		out = phase.Run(ctx, s,
			phase.Phase[*scope]{Condition: v1alpha1.ConditionReachable, Run: r.reach},
			phase.Phase[*scope]{Condition: v1alpha1.ConditionCredentialsValid, Run: r.present},
		)
	}
	if err := r.count(ctx, b); err != nil {
		return phase.Only(verdict.Of(err))
	}
	return out
}

// scope is what one reconcile knows.
type scope struct {
	object *v1alpha1.IdentityBackend
	// backend is set before the phases run; refused, which may be nil, by reach.
	backend directory.Backend
	refused error
}
