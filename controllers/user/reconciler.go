package user

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
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// Backends finds the system that holds an organization's members, and whoever
// invites people to it.
type Backends interface {
	// For returns the backend that ref names in the namespace; a nil ref is the
	// embedded one. KindNotFound when there is no such IdentityBackend.
	For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error)
	// Inviter returns the backend itself when its invitations are native, else the ledger.
	Inviter(b directory.Backend) directory.Inviter
}

// Changes tells what the portal, the outbox and other processes did.
type Changes interface {
	// Head is the position of the newest change.
	Head(ctx context.Context) (int64, error)
	// FollowAfter calls back for every change after a position, until the
	// context ends. An error means that changes were missed.
	FollowAfter(ctx context.Context, after int64, changed func(directory.Change)) error
}

// Options of the [Reconciler]. All but Drifted and MailMoment are required.
type Options struct {
	// Client reads from the cache and writes to the API.
	Client client.Client
	// Secrets writes the Secrets that hold links; it does not read through a
	// cache, so that no Secret is ever listed or watched.
	Secrets  client.Client
	Backends Backends
	Changes  Changes
	// Holdings keeps which User manages which address.
	Holdings directory.Holdings
	// Rails decides who may be removed, and Alarm counts who may not.
	Rails directory.RemovalRail
	Alarm Alarm
	// Drifted names Users whose member somebody found not to be as declared; nil
	// means that nobody tells.
	Drifted  <-chan reconcile.Request
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
	// MailMoment is how long after an invitation was issued the status waits for
	// its mail to leave, so that it is written once and not twice; 0 means that
	// it does not wait.
	MailMoment time.Duration
}

// resync is how often an unchanged User is compared with the backend.
const resync = 10 * time.Hour

// Reconciler reconciles Users.
type Reconciler struct {
	Options
	report *status.Reporter[*v1alpha1.User]
	// seen remembers since when a deletion is known.
	seen *rails.Settling
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=users,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=users/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Secrets == nil || o.Backends == nil || o.Changes == nil || o.Holdings == nil || o.Rails == nil || o.Alarm == nil {
		return nil, errors.New("user: Client, Secrets, Backends, Changes, Holdings, Rails and Alarm are required")
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.User]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(u *v1alpha1.User) status.Fields {
			return status.Fields{ObservedGeneration: &u.Status.ObservedGeneration, Conditions: &u.Status.Conditions}
		},
		Steps: []string{
			v1alpha1.ConditionReferencesResolved, v1alpha1.ConditionProvisioned,
			v1alpha1.ConditionAccessApplied, v1alpha1.ConditionInvited,
		},
		Beside:   []string{v1alpha1.ConditionPending, v1alpha1.ConditionAccepted},
		Announce: []string{v1alpha1.ConditionInvited, v1alpha1.ConditionRemovalBlocked},
		Silent:   []string{v1alpha1.ReasonMailQueued},
		Happened: happened,
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{Options: o, report: report, seen: rails.NewSettling(o.Clock)}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, u *v1alpha1.User) (reconcile.Result, error) {
	before := u.DeepCopy()
	out := r.converge(ctx, u)
	return r.report.Finish(ctx, before, u, out)
}

func (r *Reconciler) converge(ctx context.Context, u *v1alpha1.User) phase.Outcome {
	switch {
	case u.Spec.Suspend:
		return r.suspended(ctx, u)
	case u.DeletionTimestamp != nil:
		return r.finalize(ctx, u)
	}
	return phase.Run(ctx, &scope{user: u},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionReferencesResolved, Run: r.resolve},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionProvisioned, Run: r.identity},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionAccessApplied, Run: r.access},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionInvited, Run: r.invitation},
	)
}

// scope is what one reconcile knows. Every field but user is set by one phase
// and read by later ones.
type scope struct {
	user *v1alpha1.User

	// id, person, organization, roles, units, backend, can (what the backend can
	// do), inviter and reminder are set by resolve; reminder is nil when the inviter is none.
	id           directory.OrganizationID
	person       declared.Person
	organization *v1alpha1.Organization
	roles        map[string]*v1alpha1.Role
	units        map[string]*v1alpha1.BusinessUnit
	backend      directory.Backend
	can          ability.Abilities
	inviter      directory.Inviter
	reminder     directory.Reminder

	// current is the address under which the backend knows the person, set by
	// identity: the declared one, or a former one while moving.
	current string
	// holding is what the ledger keeps about that address, and left in what the
	// member is not as declared and stays so; both are set by identity.
	holding directory.Holding
	left    []plan.Aspect
	// member is set by identity, and again by invitation when it has changed since.
	member directory.ObservedMember
}

// moving reports whether a changed address is still to be confirmed.
func (s *scope) moving() bool { return s.current != s.person.Address }

// kept reports whether access is kept from the person.
func (s *scope) kept() bool { return s.person.State == directory.MemberDisabled }

func (s *scope) active() bool { return s.member.State == directory.MemberActive }

// set puts one of the conditions beside Ready.
func (s *scope) set(kind string, is metav1.ConditionStatus, reason, message string) {
	status.Set(&s.user.Status.Conditions, s.user.Generation, metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: message,
	})
}
