package role

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

// Backends finds the system that holds an organization's roles.
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

// Reconciler reconciles Roles.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.Role]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=roles,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=roles/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations;users,verbs=get;list;watch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Backends == nil {
		return nil, errors.New("role: Client and Backends are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.Role]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(role *v1alpha1.Role) status.Fields {
			return status.Fields{ObservedGeneration: &role.Status.ObservedGeneration, Conditions: &role.Status.Conditions}
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
	inOrder, err := causal.New(causal.Options[*v1alpha1.Role]{
		Cache: r.Client, Live: mgr.GetAPIReader(), Next: r, Clock: r.Clock,
		Told: func(o *v1alpha1.Role) (string, int64) {
			return o.Spec.OrganizationRef.Name, o.Status.ObservedGeneration
		},
	})
	if err != nil {
		return err
	}
	roles := func() client.ObjectList { return &v1alpha1.RoleList{} }
	declared := builder.WithPredicates(watch.Declared(watch.Conditions))
	return ctrl.NewControllerManagedBy(mgr).
		Named("role").
		For(&v1alpha1.Role{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, roles, index.Organization, watch.Name), declared).
		Watches(&v1alpha1.IdentityBackend{}, watch.Hosted(r.Client, roles), builder.WithPredicates(watch.Abilities())).
		Watches(&v1alpha1.Role{}, watch.Those(r.Client, roles, index.Organization, siblings), declared).
		Watches(&v1alpha1.User{}, watch.Counted(index.RolesOf)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, inOrder))
}

// siblings are all roles of the organization: permissions depend on every role
// that is included, at any depth.
func siblings(o client.Object) []string {
	if role, ok := o.(*v1alpha1.Role); ok {
		return []string{role.Spec.OrganizationRef.Name}
	}
	return nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, role *v1alpha1.Role) (reconcile.Result, error) {
	before := role.DeepCopy()
	out := r.converge(ctx, role)
	return r.report.Finish(ctx, before, role, out)
}

func (r *Reconciler) converge(ctx context.Context, role *v1alpha1.Role) phase.Outcome {
	if role.DeletionTimestamp != nil {
		return r.finalize(ctx, role)
	}
	return phase.Run(ctx, &scope{role: role},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionReferencesResolved, Run: r.resolve},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionProvisioned, Run: r.provision},
	)
}

// scope is what one reconcile knows.
type scope struct {
	role *v1alpha1.Role
	// backend, can (what the backend can do) and permissions are set by resolve.
	backend     directory.Backend
	can         ability.Abilities
	permissions []string
}
