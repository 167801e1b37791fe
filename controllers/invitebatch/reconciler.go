package invitebatch

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// Options of the [Reconciler]. All are required.
type Options struct {
	// Client reads from the cache and writes to the API.
	Client client.Client
	// Sources reads the ConfigMaps and Secrets that hold addresses, one by one
	// and not through a cache, so that none is ever listed or watched.
	Sources  client.Reader
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

const resync = 10 * time.Hour

// Reconciler reconciles InviteBatches.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.InviteBatch]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=invitebatches,verbs=get;list;watch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=invitebatches/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=users,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Sources == nil {
		return nil, errors.New("invitebatch: Client and Sources are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.InviteBatch]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(b *v1alpha1.InviteBatch) status.Fields {
			return status.Fields{ObservedGeneration: &b.Status.ObservedGeneration, Conditions: &b.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionExpanded},
		Beside:   []string{v1alpha1.ConditionCompleted},
		Announce: []string{v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionExpanded, v1alpha1.ConditionCompleted},
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, b *v1alpha1.InviteBatch) (reconcile.Result, error) {
	before := b.DeepCopy()
	out := r.converge(ctx, b)
	return r.report.Finish(ctx, before, b, out)
}

func (r *Reconciler) converge(ctx context.Context, b *v1alpha1.InviteBatch) phase.Outcome {
	if b.DeletionTimestamp != nil {
		// Users go through their owner references, if they are to go at all.
		return phase.Outcome{}
	}
	return phase.Run(ctx, &scope{batch: b},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionReferencesResolved, Run: r.resolve},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionExpanded, Run: r.expand},
	)
}

// scope is what one reconcile knows.
type scope struct {
	batch *v1alpha1.InviteBatch
	// entries are set by resolve: everything that the batch lists, in order.
	entries []entry
}
