package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// The listing says of every address what looking at it alone says, in the order
// of addresses, in pages of any size.
func TestBY5_InvitationsInBulk(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.bulk()
		var want []directory.Invitation
		for _, address := range []string{ada, "closed-again@example.com", "expired@example.com", "revoked@example.com", "twice@example.com"} {
			one, err := w.Invitation(w.t.Context(), clinic, address)
			if err != nil {
				w.t.Fatal(err)
			}
			want = append(want, one)
		}
		for _, size := range []int{0, 1, 2, 5} {
			var got []directory.Invitation
			for after := ""; ; {
				page, err := w.Invitations(w.t.Context(), clinic, after, size)
				if err != nil {
					w.t.Fatal(err)
				}
				got = append(got, page...)
				if size == 0 || len(page) < size {
					break
				}
				after = page[len(page)-1].Address
			}
			if diff := cmp.Diff(want, got); diff != "" {
				w.t.Errorf("pages of %d (-want +got):\n%s", size, diff)
			}
		}
	})
}

// bulk invites people who stand in every place.
func (w *world) bulk() {
	w.t.Helper()
	ctx := w.t.Context()
	short := request("expired@example.com", 1)
	short.ExpiresAfter = time.Minute
	if _, err := w.Invite(ctx, short); err != nil {
		w.t.Fatal(err)
	}
	w.invite("twice@example.com", 1)
	w.invite("closed-again@example.com", 1)
	w.invite("closed@example.com", 1)
	for _, closed := range []string{"closed@example.com", "closed-again@example.com"} {
		if err := w.Close(ctx, clinic, closed); err != nil {
			w.t.Fatal(err)
		}
	}
	w.later()
	w.invite("twice@example.com", 2)
	w.invite("closed-again@example.com", 1)
	w.invite("revoked@example.com", 1)
	if err := w.Decline(ctx, w.token("revoked@example.com")); err != nil {
		w.t.Fatal(err)
	}
	w.invite(ada, 1)
	w.mustRedeem(ada)
	w.apply(directory.Organization{ID: "team/other", DisplayName: "Other"})
	other := request("aaa@example.com", 1)
	other.Organization = "team/other"
	if _, err := w.Invite(ctx, other); err != nil {
		w.t.Fatal(err)
	}
}

// The audit trail is read to its end in pages, each entry once.
func TestBY12_AuditInPages(t *testing.T) {
	eachDatabase(t, func(w *world) {
		for i := range 7 {
			w.invite(fmt.Sprintf("p%d@example.com", i), 1)
		}
		want, err := w.Audit(w.t.Context(), clinic, "", 0)
		if err != nil {
			w.t.Fatal(err)
		}
		var got []ledger.AuditEntry
		for id := ""; ; {
			page, err := w.AuditBefore(w.t.Context(), clinic, id, 3)
			if err != nil {
				w.t.Fatal(err)
			}
			got = append(got, page...)
			if len(page) < 3 {
				break
			}
			id = page[len(page)-1].ID
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != 8 {
			w.t.Errorf("%d entries (-want +got):\n%s", len(got), diff)
		}
	})
}

// Whoever has confirmed a link is known before anybody declares them.
func TestHE4_WhoIsAboutToJoin(t *testing.T) {
	eachDatabase(t, func(w *world) {
		if got, err := w.Joining(w.t.Context(), clinic); err != nil || len(got) > 0 {
			w.t.Errorf("%q, %v; want nobody", got, err)
		}
		w.insertJoin("team/other", "d@example.com", directory.JoinConfirmed)
		for address, state := range map[string]directory.JoinState{
			"a@example.com": directory.JoinRequested, "b@example.com": directory.JoinAsked, ada: directory.JoinConfirmed, "c@example.com": directory.JoinSettled,
			"e@example.com": directory.JoinAwaitingApproval,
		} {
			w.insertJoin(clinic, address, state)
		}
		got, err := w.Joining(w.t.Context(), clinic)
		slices.Sort(got)
		if diff := cmp.Diff([]string{ada, "e@example.com"}, got); diff != "" || err != nil {
			w.t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

func (w *world) insertJoin(org directory.OrganizationID, address string, state directory.JoinState) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO joins (organization, link, address, state, rotation, name, invitation, approval, requested_at, confirmed_at)
			VALUES ($1, 'walk-in', $2, $3, 1, '', '', 0, 0, 0)`, org, address, state)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
