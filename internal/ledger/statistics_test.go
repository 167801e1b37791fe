package ledger_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func (w *world) statistics(ages ...time.Duration) ledger.Statistics {
	w.t.Helper()
	s, err := w.Statistics(w.t.Context(), ages)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestStatistics_Empty(t *testing.T) {
	eachDatabase(t, func(w *world) {
		want := ledger.Statistics{
			Invitations: map[directory.InvitationState]int64{
				directory.InvitationPending: 0, directory.InvitationAccepted: 0, directory.InvitationDeclined: 0,
				directory.InvitationRevoked: 0, directory.InvitationExpired: 0,
			},
			Ages: map[time.Duration]int64{time.Hour: 0},
			Deliveries: map[directory.DeliveryState]int64{
				directory.DeliveryQueued: 0, directory.DeliveryClaimed: 0, "Held": 0, directory.DeliveryUnknown: 0,
			},
		}
		if diff := cmp.Diff(want, w.statistics(time.Hour)); diff != "" {
			t.Errorf("every state is told, also when nothing is in it (-want +got):\n%s", diff)
		}
	})
}

// Invitations that end in every way, and mails that are in every state.
func TestStatistics_EveryState(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.apply(directory.Organization{ID: "team/held", UnknownDelivery: directory.UnknownHold})
		invite := func(org directory.OrganizationID, address string, expires time.Duration) {
			w.t.Helper()
			_, err := w.Invite(w.t.Context(), directory.InvitationRequest{
				Organization: org, Address: address, Revision: 1, Mail: true, ExpiresAfter: expires,
			})
			noError(w.t, err)
		}
		invite("team/held", "unknown@example.com", week)
		claimed, err := w.Claim(t.Context(), 1)
		noError(t, err)
		noError(t, w.Finish(t.Context(), claimed[0].ID, directory.DeliveryOutcome{Result: directory.ResultUnknown}))

		invite(clinic, "expired@example.com", time.Hour)
		invite(clinic, "revoked@example.com", week)
		noError(t, w.Close(t.Context(), clinic, "revoked@example.com"))
		w.clock.Step(2 * time.Hour)
		invite(clinic, "new@example.com", week)
		w.clock.Step(10 * time.Minute)

		got := w.statistics(time.Hour, 24*time.Hour)
		want := ledger.Statistics{
			Invitations: map[directory.InvitationState]int64{
				directory.InvitationPending: 2, directory.InvitationAccepted: 0, directory.InvitationDeclined: 0,
				directory.InvitationRevoked: 1, directory.InvitationExpired: 1,
			},
			Ages:   map[time.Duration]int64{time.Hour: 1, 24 * time.Hour: 2},
			AgeSum: 10*time.Minute + 2*time.Hour + 10*time.Minute,
			Deliveries: map[directory.DeliveryState]int64{
				directory.DeliveryQueued: 2, directory.DeliveryClaimed: 0, "Held": 0, directory.DeliveryUnknown: 1,
			},
			Delay: 2*time.Hour + 10*time.Minute,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
