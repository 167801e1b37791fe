package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func TestHE3_ALinkIsRedeemedOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		issued := w.invite(ada, 1)
		token := w.token(ada)
		dbs := []*database.DB{w.db, databasetest.Second(w.t, w.db)}
		ledgers := []*ledger.Ledger{w.Ledger, w.open(dbs[1], "two", w.clock)}
		var wins atomic.Int64
		together(50, func(i int) {
			got, err := redeem(w.t.Context(), ledgers[i%2], dbs[i%2], token)
			switch {
			case err == nil:
				wins.Add(1)
				if got.ID != issued.ID || got.State != directory.InvitationAccepted || !got.EndedAt.Equal(start) {
					w.t.Errorf("redeemed %+v", got)
				}
			case !directory.IsKind(err, directory.KindNotFound):
				w.t.Error(err)
			}
		})
		if wins.Load() != 1 {
			w.t.Errorf("%d of 50 redeemed the link; want 1", wins.Load())
		}
		if got := w.newest(); got.State != directory.InvitationAccepted || got.Delivery.State != directory.DeliveryCancelled {
			w.t.Errorf("it is %s with its mail %s; want it accepted and the mail, not sent yet, cancelled", got.State, got.Delivery.State)
		}
		if head, err := w.Head(w.t.Context()); err != nil || head != 1 {
			w.t.Errorf("%d changes, %v; want 1", head, err)
		}
	})
}

func TestHE3_WhatRollsBackWasNotRedeemed(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token, failure := w.token(ada), errors.New("the account could not be made")
		err := w.db.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
			if _, err := w.Redeem(ctx, tx, token); err != nil {
				return err
			}
			return failure
		})
		if !errors.Is(err, failure) {
			w.t.Errorf("error %v", err)
		}
		if head, err := w.Head(w.t.Context()); err != nil || head != 0 {
			w.t.Errorf("%d changes, %v; want none", head, err)
		}
		if _, err := w.redeem(token); err != nil {
			w.t.Errorf("the link does not work any more: %v", err)
		}
	})
}

func TestPromise_ExpiryIsCheckedAtRedemption(t *testing.T) {
	for reason, test := range map[string]struct {
		after time.Duration
		state directory.InvitationState
		kind  directory.Kind
	}{
		"just before": {week - time.Microsecond, directory.InvitationPending, ""},
		"on time":     {week, directory.InvitationExpired, directory.KindNotFound},
		"long after":  {10 * week, directory.InvitationExpired, directory.KindNotFound},
	} {
		t.Run(reason, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.invite(ada, 1)
				token := w.token(ada)
				w.clock.Step(test.after)
				if got := w.newest().State; got != test.state {
					w.t.Errorf("observed as %s; want %s", got, test.state)
				}
				if found, err := w.Lookup(w.t.Context(), token); err != nil || found.State != test.state {
					w.t.Errorf("looked up as %s, %v; want %s", found.State, err, test.state)
				}
				_, err := w.Link(w.t.Context(), clinic, ada)
				wantKind(w.t, "link", err, test.kind)
				if test.kind != "" {
					wantKind(w.t, "decline", w.Decline(w.t.Context(), token), test.kind)
				}
				_, err = w.redeem(token)
				wantKind(w.t, "redeem", err, test.kind)
			})
		})
	}
}

func TestLookupOfWhatIsNoToken(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		for reason, other := range map[string]string{
			"unknown":            strings.Repeat("A", 43),
			"empty":              "",
			"longer":             token + "A",
			"in other case":      strings.ToLower(token),
			"a line break in it": token[:21] + "\n" + token[22:],
			"SQL":                "' OR '1'='1",
		} {
			_, err := w.Lookup(w.t.Context(), other)
			wantKind(w.t, "look up "+reason, err, directory.KindNotFound)
			_, err = w.redeem(other)
			wantKind(w.t, "redeem "+reason, err, directory.KindNotFound)
			err = w.Decline(w.t.Context(), other)
			wantKind(w.t, "decline "+reason, err, directory.KindNotFound)
			if other != "" && err != nil && strings.Contains(err.Error(), other) {
				w.t.Errorf("%s: the token is in the error", reason)
			}
		}
		if got := w.newest().State; got != directory.InvitationPending {
			w.t.Errorf("the invitation is %s", got)
		}
	})
}

func TestBY2_DeclineEndsTheInvitation(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		if err := w.Decline(w.t.Context(), token); err != nil {
			w.t.Fatal(err)
		}
		got := w.newest()
		if got.State != directory.InvitationDeclined || got.Delivery.State != directory.DeliveryCancelled {
			w.t.Errorf("it is %s with its mail %s", got.State, got.Delivery.State)
		}
		wantKind(w.t, "decline again", w.Decline(w.t.Context(), token), directory.KindNotFound)
		_, err := w.redeem(token)
		wantKind(w.t, "redeem", err, directory.KindNotFound)
		changes, err := w.Changes(w.t.Context(), 0, 10)
		if diff := cmp.Diff([]directory.Change{{Sequence: 1, Organization: clinic, Address: ada}}, changes); err != nil || diff != "" {
			w.t.Error(err, diff)
		}
	})
}

// The database holds nothing that opens a link.
func TestPromise_TokensAreHashedAtRest(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		if _, err := w.Claim(w.t.Context(), 1); err != nil {
			w.t.Fatal(err)
		}
		w.mustRedeem(ada)
		for _, table := range []string{"invitations", "deliveries", "changes", "audit"} {
			for _, text := range w.texts(table) {
				if strings.Contains(text, token) || strings.Contains(text, baseURL) {
					w.t.Errorf("table %s holds the token or the link", table)
				}
			}
		}
	})
}

// texts returns every value of the table.
func (w *world) texts(table string) []string {
	w.t.Helper()
	var texts []string
	err := w.db.Read(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
		//nolint:unqueryvet // every column is searched, those of later migrations too
		rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			values, pointers := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				pointers[i] = &values[i]
			}
			if err := rows.Scan(pointers...); err != nil {
				return err
			}
			for _, value := range values {
				texts = append(texts, fmt.Sprint(value))
			}
		}
		return rows.Err()
	})
	if err != nil || len(texts) == 0 {
		w.t.Fatalf("read %d values of %s: %v", len(texts), table, err)
	}
	return texts
}
