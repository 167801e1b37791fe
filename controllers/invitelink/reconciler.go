package invitelink

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// Backends finds the system that holds an organization's members.
type Backends interface {
	// For returns the backend that ref names in the namespace; a nil ref is the
	// embedded one. KindNotFound when there is no such IdentityBackend.
	For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error)
}

// Links keeps links and those who join by them. The ledger does.
type Links interface {
	directory.LinkKeeper
	directory.JoinKeeper
	// Head is the position of the newest change.
	Head(ctx context.Context) (int64, error)
	// FollowAfter calls back for every change after a position, until the
	// context ends. An error means that changes were missed.
	FollowAfter(ctx context.Context, after int64, changed func(directory.Change)) error
}

// Options of the [Reconciler]. All are required.
type Options struct {
	// Client reads from the cache and writes to the API.
	Client client.Client
	// Direct reads and writes without a cache: the Secrets that hold links, which
	// are never listed or watched, and Users that the cache may not have yet.
	Direct   client.Client
	Backends Backends
	Links    Links
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
}

// resync is how often an unchanged InviteLink is looked at.
const resync = 10 * time.Hour

// Reconciler reconciles InviteLinks.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.InviteLink]
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=invitelinks,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=invitelinks/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=users,verbs=get;list;watch;create
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations;roles;businessunits;identitybackends,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Direct == nil || o.Backends == nil || o.Links == nil {
		return nil, errors.New("invitelink: Client, Direct, Backends and Links are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.InviteLink]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(l *v1alpha1.InviteLink) status.Fields {
			return status.Fields{ObservedGeneration: &l.Status.ObservedGeneration, Conditions: &l.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionPublished},
		Beside:   []string{v1alpha1.ConditionOpen},
		Announce: []string{v1alpha1.ConditionPublished, v1alpha1.ConditionOpen},
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, l *v1alpha1.InviteLink) (reconcile.Result, error) {
	before := l.DeepCopy()
	out := r.converge(ctx, l)
	return r.report.Finish(ctx, before, l, out)
}

func (r *Reconciler) converge(ctx context.Context, l *v1alpha1.InviteLink) phase.Outcome {
	if l.DeletionTimestamp != nil {
		return r.finalize(ctx, l)
	}
	return phase.Run(ctx, newScope(l),
		phase.Phase[*scope]{Condition: v1alpha1.ConditionReferencesResolved, Run: r.resolve},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionPublished, Run: r.publish},
	)
}

// scope is what one reconcile knows.
type scope struct {
	object *v1alpha1.InviteLink
	id     directory.OrganizationID

	// organization, backend, can (what the backend can do), roles, units and
	// domains are set by resolve.
	organization *v1alpha1.Organization
	backend      directory.Backend
	can          ability.Abilities
	roles        map[string]*v1alpha1.Role
	units        map[string]*v1alpha1.BusinessUnit
	domains      []string
}

// set puts the condition beside Ready.
func (s *scope) set(is metav1.ConditionStatus, reason, message string) {
	status.Set(&s.object.Status.Conditions, s.object.Generation, metav1.Condition{
		Type: v1alpha1.ConditionOpen, Status: is, Reason: reason, Message: message,
	})
}
