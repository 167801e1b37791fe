package ledger_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func TestBY12_AuditTrailOfOnePerson(t *testing.T) {
	eachDatabase(t, func(w *world) {
		first := w.invite(ada, 1)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultRetry)
		w.clock.Step(time.Hour)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultUnknown)
		w.finish(w.Ledger, w.claimOne(w.Ledger), directory.ResultSent)
		changed := request(ada, 1)
		changed.Details.Roles = nil
		if _, err := w.Invite(w.t.Context(), changed); err != nil {
			w.t.Fatal(err)
		}
		second := w.invite(ada, 4)
		w.mustRedeem(ada)
		if err := w.Close(w.t.Context(), clinic, ada); err != nil {
			w.t.Fatal(err)
		}
		w.invite("grace@example.com", 1)

		entry := func(at time.Duration, actor ledger.Actor, action ledger.Action, i directory.Invitation, note string) ledger.AuditEntry {
			return ledger.AuditEntry{
				At: start.Add(at), Actor: actor, Action: action, Organization: clinic, Address: ada,
				Invitation: i.ID, Revision: i.Revision, Note: note,
			}
		}
		const h = time.Hour
		want := []ledger.AuditEntry{
			entry(0, ledger.ActorManager, ledger.ActionIssued, first, "revision 1 was asked for"),
			entry(0, ledger.ActorOutbox, ledger.ActionClaimed, first, "attempt 1"),
			entry(0, ledger.ActorOutbox, ledger.ActionRetried, first, "attempt 1: said the server"),
			entry(h, ledger.ActorOutbox, ledger.ActionClaimed, first, "attempt 2"),
			entry(h, ledger.ActorOutbox, ledger.ActionResent, first, "attempt 2: said the server"),
			entry(h, ledger.ActorOutbox, ledger.ActionClaimed, first, "attempt 3"),
			entry(h, ledger.ActorOutbox, ledger.ActionSent, first, "attempt 3"),
			entry(h, ledger.ActorManager, ledger.ActionUpdated, first, ""),
			entry(h, ledger.ActorManager, ledger.ActionRevoked, first, "superseded by revision 2"),
			entry(h, ledger.ActorManager, ledger.ActionIssued, second, "revision 4 was asked for"),
			entry(h, ledger.ActorPortal, ledger.ActionAccepted, second, ""),
		}
		got, err := w.Audit(w.t.Context(), clinic, ada, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		slices.Reverse(got)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ledger.AuditEntry{}, "ID")); diff != "" {
			w.t.Error(diff)
		}
		w.checkAuditPages(got)
	})
}

func (w *world) checkAuditPages(ofAda []ledger.AuditEntry) {
	w.t.Helper()
	newest, err := w.Audit(w.t.Context(), clinic, ada, 1)
	if err != nil || len(newest) != 1 || newest[0].ID != ofAda[len(ofAda)-1].ID {
		w.t.Errorf("the newest entry is %+v, %v", newest, err)
	}
	all, err := w.Audit(w.t.Context(), clinic, "", 0)
	if want := len(ofAda) + 2; err != nil || len(all) != want || all[len(all)-1].Action != ledger.ActionOrganizationApplied {
		w.t.Errorf("the organization has %d entries, %v; want %d", len(all), err, want)
	}
	if none, err := w.Audit(w.t.Context(), "team/other", "", 0); err != nil || len(none) != 0 {
		w.t.Errorf("another organization sees %d entries, %v", len(none), err)
	}
}
