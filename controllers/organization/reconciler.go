package organization

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
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// Backends finds the system that holds an organization's members.
type Backends interface {
	For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error)
}

// Ledger keeps as whom an organization writes.
type Ledger interface {
	ApplyOrganization(ctx context.Context, o directory.Organization) error
}

// Options of the [Reconciler]. All are required.
type Options struct {
	Client   client.Client
	Backends Backends
	Ledger   Ledger
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

const resync = 10 * time.Hour

// Reconciler reconciles Organizations.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.Organization]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations,verbs=get;list;watch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=identitybackends;users,verbs=get;list;watch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Backends == nil || o.Ledger == nil {
		return nil, errors.New("organization: Client, Backends and Ledger are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.Organization]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(org *v1alpha1.Organization) status.Fields {
			return status.Fields{ObservedGeneration: &org.Status.ObservedGeneration, Conditions: &org.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionBackendReady, v1alpha1.ConditionProvisioned},
		Announce: []string{v1alpha1.ConditionProvisioned},
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report}, nil
}

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	organizations := func() client.ObjectList { return &v1alpha1.OrganizationList{} }
	return ctrl.NewControllerManagedBy(mgr).
		Named("organization").
		For(&v1alpha1.Organization{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.IdentityBackend{}, watch.Those(r.Client, organizations, index.Backend, watch.Name),
			builder.WithPredicates(watch.Declared(watch.Conditions))).
		Watches(&v1alpha1.User{}, watch.Counted(organizationOf)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, r))
}

func organizationOf(o client.Object) []string {
	if u, ok := o.(*v1alpha1.User); ok {
		return []string{u.Spec.OrganizationRef.Name}
	}
	return nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, org *v1alpha1.Organization) (reconcile.Result, error) {
	before := org.DeepCopy()
	out := r.converge(ctx, org)
	return r.report.Finish(ctx, before, org, out)
}

func (r *Reconciler) converge(ctx context.Context, org *v1alpha1.Organization) phase.Outcome {
	if org.DeletionTimestamp != nil {
		return phase.Outcome{}
	}
	return phase.Run(ctx, &scope{organization: org},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionBackendReady, Run: r.backend},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionProvisioned, Run: r.provision},
	)
}

// scope is what one reconcile knows.
type scope struct {
	organization *v1alpha1.Organization
	// backend is set by the phase of that name.
	backend directory.Backend
}
