package ledger_test

import (
	"context"
	"testing"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestBY8_DatabaseThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	server := databasetest.NewServer(t)
	url := server.Database(t)
	w := newWorld(t, databasetest.Migrated(t, url))
	w.invite(ada, 1)
	token := w.token(ada)
	claimed := w.claimOne(w.Ledger)
	f := follow(t, w.open(databasetest.Open(t, url), "two", clock.RealClock{}))

	server.Stop(t)
	ctx := t.Context()
	attempts := map[string]func() error{
		"apply":   func() error { return w.ApplyOrganization(ctx, directory.Organization{ID: clinic}) },
		"remove":  func() error { return w.RemoveOrganization(ctx, clinic) },
		"suspend": func() error { return w.SuspendOrganization(ctx, clinic) },
		"resume":  func() error { return w.ResumeOrganization(ctx, clinic) },
		"invite":  func() error { _, err := w.Invite(ctx, request(ada, 1)); return err },
		"observe": func() error { _, err := w.Invitation(ctx, clinic, ada); return err },
		"close":   func() error { return w.Close(ctx, clinic, ada) },
		"link":    func() error { _, err := w.Link(ctx, clinic, ada); return err },
		"look up": func() error { _, err := w.Lookup(ctx, token); return err },
		"redeem":  func() error { _, err := w.redeem(token); return err },
		"decline": func() error { return w.Decline(ctx, token) },
		"accept":  func() error { return w.accept(token) },
		"admit": func() error {
			return w.Admit(ctx, admission(ada, directory.MemberInvited), directory.Admission{})
		},
		"admission":  func() error { _, err := w.Admission(ctx, clinic, ada); return err },
		"admissions": func() error { _, err := w.Admissions(ctx, clinic, "", 1); return err },
		"readdress":  func() error { return w.Readdress(ctx, clinic, ada, grace) },
		"dismiss":    func() error { return w.Dismiss(ctx, clinic, ada) },
		"sign-in":    func() error { _, err := w.SignInURL(ctx, clinic); return err },
		"claim":      func() error { _, err := w.Claim(ctx, 1); return err },
		"finish": func() error {
			return w.Finish(ctx, claimed.ID, directory.DeliveryOutcome{Result: directory.ResultSent})
		},
		"changes": func() error { _, err := w.Changes(ctx, 0, 1); return err },
		"head":    func() error { _, err := w.Head(ctx); return err },
		"follow":  func() error { return w.Follow(ctx, func(directory.Change) {}) },
		"audit":   func() error { _, err := w.Audit(ctx, clinic, ada, 1); return err },
	}
	for doing, attempt := range attempts {
		wantKind(t, doing, attempt(), directory.KindUnavailable)
	}
	server.Start(t)

	w.finish(w.Ledger, claimed, directory.ResultSent)
	if _, err := w.redeem(token); err != nil {
		t.Error(err)
	}
	if got := w.newest(); got.State != directory.InvitationAccepted || got.Delivery.State != directory.DeliverySent {
		t.Errorf("after the outage it is %s, its mail %s", got.State, got.Delivery.State)
	}
	for want := range int64(2) {
		if got := f.next(); got.Sequence != want+1 {
			t.Errorf("who followed through the outage is told change %d; want %d", got.Sequence, want+1)
		}
	}
}

// A caller that gives up is told so, and nothing is left half done.
func TestGivingUp(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		ctx, cancel := context.WithCancel(w.t.Context())
		err := w.db.Write(ctx, func(ctx context.Context, tx database.Tx) error {
			if _, err := w.Redeem(ctx, tx, token); err != nil {
				return err
			}
			cancel()
			return nil
		})
		wantKind(w.t, "redeem", err, directory.KindUnavailable)
		if got := w.newest(); got.State != directory.InvitationPending {
			w.t.Errorf("it is %s", got.State)
		}
	})
}
