package organization_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/controllers/organization"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/stage"
)

var errBroken = errors.New("broken")

// records is the ledger as the controller knows it, remembering what it was
// told last, and failing on request.
type records struct {
	organization.Ledger
	last directory.Organization
	// err fails all that writes, listing and admissions what only reads.
	err, listing, admissions error
	// beforeHold is called before something is held; nil for nothing.
	beforeHold func()
}

func (r *records) Admissions(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Admission, error) {
	if r.admissions != nil {
		return nil, r.admissions
	}
	return r.Ledger.Admissions(ctx, org, after, limit)
}

func (r *records) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	if r.err != nil {
		return r.err
	}
	r.last = o
	return r.Ledger.ApplyOrganization(ctx, o)
}

func (r *records) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	if r.err != nil {
		return r.err
	}
	return r.Ledger.RemoveOrganization(ctx, id)
}

func (r *records) SuspendOrganization(ctx context.Context, id directory.OrganizationID) error {
	if r.err != nil {
		return r.err
	}
	return r.Ledger.SuspendOrganization(ctx, id)
}

// Hold is the ledger's, with something that happens right before.
func (r *records) Hold(ctx context.Context, h directory.Holding, from string) error {
	if r.beforeHold != nil {
		r.beforeHold()
	}
	return r.Ledger.Hold(ctx, h, from)
}

func (r *records) Holdings(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Holding, error) {
	if r.listing != nil {
		return nil, r.listing
	}
	return r.Ledger.Holdings(ctx, org, after, limit)
}

// rail is the ledger's rails, one of them failing on request.
type rail struct {
	organization.Rails
	// err fails a reservation, looking what looks at how it stands.
	err, looking error
	// reserved is called after a reservation; nil for nothing.
	reserved func()
}

func (r *rail) Removals(ctx context.Context, org directory.OrganizationID, window time.Duration) (directory.RemovalStanding, error) {
	if r.looking != nil {
		return directory.RemovalStanding{}, r.looking
	}
	return r.Rails.Removals(ctx, org, window)
}

func (r *rail) ReserveUndeclared(
	ctx context.Context, org directory.OrganizationID, members []directory.Departure, limit directory.RemovalLimit,
) ([]directory.Departure, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.reserved != nil {
		defer r.reserved()
	}
	return r.Rails.ReserveUndeclared(ctx, org, members, limit)
}

// trail reads the audit trail of the stage's ledger.
type trail struct{ stage *stage.Stage }

func (t trail) Newest(ctx context.Context, org directory.OrganizationID, limit int) ([]report.AuditEntry, bool, error) {
	entries, err := t.stage.Ledger.Audit(ctx, org, "", min(limit, 1000))
	var all []report.AuditEntry
	for i := range entries {
		all = append(all, report.AuditEntry{ID: entries[i].ID, Action: string(entries[i].Action), Address: entries[i].Address})
	}
	return all, false, err
}

// world is a stage with the reconciler of Organizations.
type world struct {
	*testing.T
	*stage.Stage
	records       *records
	rail          *rail
	organizations *organization.Reconciler
	// drifted are the Users that were told to differ since the last look at them.
	drifted []string
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	s := stage.New(t)
	w := &world{T: t, Stage: s, records: &records{Ledger: s.Ledger}, rail: &rail{Rails: s.Ledger}}
	w.start()
	s.Apply(objects...)
	return w
}

// start is a manager that has just started: it remembers nothing.
func (w *world) start() {
	w.Helper()
	var err error
	w.organizations, err = organization.New(organization.Options{
		Client: w.Client, Direct: w.Client, Backends: w.Backends, Ledger: w.records, Rails: w.rail, Alarm: w.Alarm,
		Trail:    trail{w.Stage},
		Drifted:  func(_ context.Context, namespace, name string) { w.drifted = append(w.drifted, namespace+"/"+name) },
		Recorder: w.Recorder, Clock: w.Clock, Jitter: func() float64 { return 0.5 },
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) try() (reconcile.Result, error) {
	return stage.Reconcile(w.Stage, w.organizations, testkit.Clinic)
}

func (w *world) look() reconcile.Result {
	w.Helper()
	result, err := w.try()
	if err != nil {
		w.Fatalf("reconcile: %v", err)
	}
	return result
}

// later moves the clock, and looks.
func (w *world) later(by time.Duration) reconcile.Result {
	w.Helper()
	w.Clock.Step(by)
	return w.look()
}

func (w *world) get() *v1alpha1.Organization {
	return stage.Get[v1alpha1.Organization](w.Stage, testkit.Clinic)
}

func (w *world) edit(change func(*v1alpha1.Organization)) {
	w.Helper()
	stage.Edit(w.Stage, testkit.Clinic, change)
}

func (w *world) wantConditions(reason string, want map[string]string) {
	w.Helper()
	if diff := cmp.Diff(want, stage.Conditions(w.get().Status.Conditions)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

func (w *world) wantCondition(reason, kind, want string) {
	w.Helper()
	if got := stage.Condition(w.get().Status.Conditions, kind); got != want {
		w.Errorf("%s: %s is %q, want %q", reason, kind, got, want)
	}
}

func (w *world) wantDrift(reason, want string) {
	w.Helper()
	w.wantCondition(reason, v1alpha1.ConditionDriftDetected, want)
}

func known() map[string]string {
	return map[string]string{
		v1alpha1.ConditionReady: "True Succeeded", v1alpha1.ConditionBackendReady: "True Succeeded",
		v1alpha1.ConditionProvisioned: "True Succeeded", v1alpha1.ConditionDriftDetected: "False InSync",
		v1alpha1.ConditionRemovalsPaused: "False NothingHeld", v1alpha1.ConditionInvitationsPaused: "False NothingHeld",
	}
}

func on(backend string) func(*v1alpha1.Organization) {
	return func(o *v1alpha1.Organization) { o.Spec.BackendRef = &v1alpha1.LocalReference{Name: backend} }
}

func must(w *world, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
