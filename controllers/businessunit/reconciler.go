package businessunit

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
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/causal"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// Backends finds the system that holds an organization's units.
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

const resync = 10 * time.Hour

// Reconciler reconciles BusinessUnits.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.BusinessUnit]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=businessunits,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=businessunits/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations;users,verbs=get;list;watch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Backends == nil {
		return nil, errors.New("businessunit: Client and Backends are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.BusinessUnit]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(u *v1alpha1.BusinessUnit) status.Fields {
			return status.Fields{ObservedGeneration: &u.Status.ObservedGeneration, Conditions: &u.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionProvisioned},
		Announce: []string{v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionProvisioned},
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report}, nil
}

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	inOrder, err := causal.New(causal.Options[*v1alpha1.BusinessUnit]{
		Cache: r.Client, Live: mgr.GetAPIReader(), Next: r, Clock: r.Clock,
		Told: func(o *v1alpha1.BusinessUnit) (string, int64) {
			return o.Spec.OrganizationRef.Name, o.Status.ObservedGeneration
		},
	})
	if err != nil {
		return err
	}
	units := func() client.ObjectList { return &v1alpha1.BusinessUnitList{} }
	declared := builder.WithPredicates(watch.Declared(watch.Conditions))
	return ctrl.NewControllerManagedBy(mgr).
		Named("businessunit").
		For(&v1alpha1.BusinessUnit{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, units, index.Organization, watch.Name), declared).
		Watches(&v1alpha1.IdentityBackend{}, watch.Hosted(r.Client, units), builder.WithPredicates(watch.Abilities())).
		Watches(&v1alpha1.BusinessUnit{}, watch.Those(r.Client, units, index.Organization, siblings), declared).
		Watches(&v1alpha1.User{}, watch.Counted(index.BusinessUnitsOf)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, inOrder))
}

// siblings are all units of the organization: a path depends on every one above.
func siblings(o client.Object) []string {
	if u, ok := o.(*v1alpha1.BusinessUnit); ok {
		return []string{u.Spec.OrganizationRef.Name}
	}
	return nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, u *v1alpha1.BusinessUnit) (reconcile.Result, error) {
	before := u.DeepCopy()
	out := r.converge(ctx, u)
	return r.report.Finish(ctx, before, u, out)
}

func (r *Reconciler) converge(ctx context.Context, u *v1alpha1.BusinessUnit) phase.Outcome {
	if u.DeletionTimestamp != nil {
		return r.finalize(ctx, u)
	}
	return phase.Run(ctx, &scope{unit: u},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionReferencesResolved, Run: r.resolve},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionProvisioned, Run: r.provision},
	)
}

// scope is what one reconcile knows.
type scope struct {
	unit *v1alpha1.BusinessUnit
	// organization, backend, can (what the backend can do) and path are set by
	// resolve.
	organization *v1alpha1.Organization
	backend      directory.Backend
	can          ability.Abilities
	path         []string
}
