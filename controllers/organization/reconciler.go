package organization

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// Backends finds the system that holds an organization's members, and whoever
// invites people to it.
type Backends interface {
	For(ctx context.Context, namespace string, ref *v1alpha1.LocalReference) (directory.Backend, error)
	// Inviter returns the backend itself when its invitations are native, else the ledger.
	Inviter(b directory.Backend) directory.Inviter
}

// Ledger keeps as whom an organization writes, who manages which address, and
// who was invited.
type Ledger interface {
	directory.Holdings
	// ApplyOrganization records also that the organization is not suspended.
	ApplyOrganization(ctx context.Context, o directory.Organization) error
	// SuspendOrganization and ResumeOrganization record that it is, and that it is
	// no longer; of one that is not known they record nothing.
	SuspendOrganization(ctx context.Context, id directory.OrganizationID) error
	ResumeOrganization(ctx context.Context, id directory.OrganizationID) error
	RemoveOrganization(ctx context.Context, id directory.OrganizationID) error
	// ReleaseAll forgets all holdings of an organization.
	ReleaseAll(ctx context.Context, org directory.OrganizationID) error
	// Invitations returns the newest open invitation of each address, by address,
	// after the given one; fewer than asked for, at most 1000, means the end.
	Invitations(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Invitation, error)
	// Joining returns the addresses of those who joined by a link and whose User
	// is still to be made.
	Joining(ctx context.Context, org directory.OrganizationID) ([]string, error)
	// Admissions returns up to limit of an organization's, by address, after the
	// given one; fewer than asked for, at most 1000, means the end.
	Admissions(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Admission, error)
}

// Trail reads the audit trail.
type Trail interface {
	// Newest returns the newest entries about an organization, newest first, and
	// whether there are older ones.
	Newest(ctx context.Context, org directory.OrganizationID, limit int) ([]report.AuditEntry, bool, error)
}

// Options of the [Reconciler]. All but Jitter are required.
type Options struct {
	// Client reads from the cache and writes to the API.
	Client client.Client
	// Direct reads and writes without a cache: the Secrets of exports, which are
	// never listed or watched, and Users before somebody is removed whom the
	// cache knows no User of.
	Direct   client.Client
	Backends Backends
	Ledger   Ledger
	Rails    Rails
	Alarm    Alarm
	Trail    Trail
	// Drifted is called for every User whose member is not as declared, so that
	// it is reconciled. It may wait, until the context ends.
	Drifted  func(ctx context.Context, namespace, name string)
	Recorder events.EventRecorder
	Clock    clock.PassiveClock
	// Jitter returns a number in [0,1) that spreads listings; nil means a random one.
	Jitter func() float64
}

const resync = 10 * time.Hour

// Reconciler reconciles Organizations.
type Reconciler struct {
	Options
	report   *status.Reporter[*v1alpha1.Organization]
	schedule *schedule
	// settling remembers since when nobody has joined those who wait to go.
	settling *rails.Settling
}

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations/status,verbs=patch
// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=identitybackends;roles;users,verbs=get;list;watch

// New fails when a dependency is missing.
func New(o Options) (*Reconciler, error) {
	if o.Client == nil || o.Direct == nil || o.Backends == nil || o.Ledger == nil || o.Trail == nil || o.Drifted == nil ||
		o.Rails == nil || o.Alarm == nil {
		return nil, errors.New("organization: Client, Direct, Backends, Ledger, Rails, Alarm, Trail and Drifted are required")
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	report, err := status.NewReporter(status.Options[*v1alpha1.Organization]{
		Client: o.Client, Clock: o.Clock, Recorder: o.Recorder, Resync: resync,
		Fields: func(org *v1alpha1.Organization) status.Fields {
			return status.Fields{ObservedGeneration: &org.Status.ObservedGeneration, Conditions: &org.Status.Conditions}
		},
		Steps:    []string{v1alpha1.ConditionBackendReady, v1alpha1.ConditionProvisioned},
		Beside:   []string{v1alpha1.ConditionRemovalsPaused, v1alpha1.ConditionInvitationsPaused, v1alpha1.ConditionDriftDetected},
		Announce: []string{v1alpha1.ConditionProvisioned},
		Happened: happened,
	})
	if err != nil {
		return nil, err
	}
	return &Reconciler{
		Options: o, report: report, schedule: newSchedule(o.Clock, o.Jitter), settling: rails.NewSettling(o.Clock),
	}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler) Reconcile(ctx context.Context, org *v1alpha1.Organization) (reconcile.Result, error) {
	before := org.DeepCopy()
	out := r.converge(ctx, org)
	return r.report.Finish(ctx, before, org, out)
}

func (r *Reconciler) converge(ctx context.Context, org *v1alpha1.Organization) phase.Outcome {
	s := &scope{
		organization: org, id: reference.OrganizationID(org.Namespace, v1alpha1.LocalReference{Name: org.Name}),
	}
	switch {
	case org.DeletionTimestamp != nil:
		return r.finalize(ctx, s)
	case org.Spec.Suspend:
		return r.suspended(ctx, s, "Suspended by spec.suspend: nothing is sent, changed or removed in the organization.")
	case org.Spec.Mode == v1alpha1.ModePlan:
		return r.plan(ctx, s)
	}
	out := phase.Run(ctx, s,
		phase.Phase[*scope]{Condition: v1alpha1.ConditionBackendReady, Run: r.backend},
		phase.Phase[*scope]{Condition: v1alpha1.ConditionProvisioned, Run: r.provision},
	)
	// What the backend knew it knows still: an edit while it cannot be used holds
	// nobody up who goes on by that.
	out.Keep = out.Keep || s.backend == nil
	if out.Last().Word == phase.WordDone {
		out.Steps[len(out.Steps)-1].Answer.Until = earliest(r.observe(ctx, s), r.export(ctx, s), r.rails(ctx, s))
	}
	return out
}

// scope is what one reconcile knows.
type scope struct {
	organization *v1alpha1.Organization
	id           directory.OrganizationID
	// backend and can, what it can do, are set by the phase of that name, and
	// displaced where another Organization uses it.
	backend   directory.Backend
	can       ability.Abilities
	displaced bool
	// users are all of the organization, those that are being deleted included;
	// set by count.
	users []v1alpha1.User
}

// earliest is the first of the times that is not zero; zero for none.
func earliest(times ...time.Time) time.Time {
	first := time.Time{}
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
