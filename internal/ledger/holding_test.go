package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func held(address, holder, applied string) directory.Holding {
	return directory.Holding{Organization: clinic, Address: address, Holder: holder, Origin: directory.HoldingCreated, Applied: applied}
}

// hold records a holding, whoever has it now.
func (w *world) hold(h directory.Holding) {
	w.t.Helper()
	known, err := w.Holding(w.t.Context(), h.Organization, h.Address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		w.t.Fatal(err)
	}
	if err := w.Hold(w.t.Context(), h, known.Holder); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantHoldings(reason string, want ...directory.Holding) {
	w.t.Helper()
	got, err := w.Holdings(w.t.Context(), clinic, "", 0)
	if err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: holdings (-want +got):\n%s", reason, diff)
	}
}

func since(h directory.Holding, at time.Time) directory.Holding {
	h.Since = at
	return h
}

// A holding says who manages an address; a new holder and fingerprint are
// written, origin and beginning stay.
func TestBY6_HoldAndHandOver(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.hold(held(ada, "ada", ""))
		w.clock.Step(time.Hour)
		w.hold(held(ada, "ada", "f1"))
		w.wantHoldings("applied", since(held(ada, "ada", "f1"), start))

		taken := held(ada, "countess", "f1")
		taken.Origin = directory.HoldingAdopted
		w.hold(taken)
		w.wantHoldings("a renamed manifest takes over what was created", since(held(ada, "countess", "f1"), start))

		got, err := w.Holding(w.t.Context(), clinic, ada)
		if err != nil || got != since(held(ada, "countess", "f1"), start) {
			w.t.Errorf("%+v, %v", got, err)
		}
		for _, holder := range []string{"ada", "countess", "countess"} {
			if err := w.Release(w.t.Context(), clinic, ada, holder); err != nil {
				w.t.Fatal(err)
			}
		}
		w.wantHoldings("released")
		_, err = w.Holding(w.t.Context(), clinic, ada)
		wantKind(w.t, "look up", err, directory.KindNotFound)
	})
}

// Adopting, handing over and releasing are in the audit trail; creating is told
// by the invitation, and applying changes nobody's standing.
func TestBY12_AuditTrailOfHoldings(t *testing.T) {
	eachDatabase(t, func(w *world) {
		adopted := held(ada, "ada", "")
		adopted.Origin = directory.HoldingAdopted
		w.hold(adopted)
		adopted.Applied = "f1"
		w.hold(adopted)
		adopted.Holder = "countess"
		w.hold(adopted)
		if err := w.Release(w.t.Context(), clinic, ada, "countess"); err != nil {
			w.t.Fatal(err)
		}
		nobody := held("eve@example.com", directory.Leaving(""), "")
		nobody.Origin = directory.HoldingAdopted
		w.hold(nobody)
		w.hold(held("grace@example.com", "grace", ""))
		entries, err := w.Audit(w.t.Context(), clinic, "", 0)
		if err != nil {
			w.t.Fatal(err)
		}
		var got []string
		for i := range entries {
			got = append(got, fmt.Sprint(entries[i].Actor, " ", entries[i].Action, " ", entries[i].Address, " ", entries[i].Note))
		}
		want := []string{
			"manager Adopted eve@example.com for the Organization",
			"manager Released " + ada + " by User countess",
			"manager HandedOver " + ada + " from User ada to User countess",
			"manager Adopted " + ada + " for User ada",
			"manager OrganizationApplied  ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("audit (-want +got):\n%s", diff)
		}
	})
}

// Holding what is held, and releasing what is not, only reads.
func TestPromise_HoldingsAreQuiet(t *testing.T) {
	eachDatabase(t, func(w *world) {
		observer := databasetest.Second(w.t, w.db)
		w.hold(held(ada, "ada", "f1"))
		before := w.versionOf(observer, "holdings")
		for range 3 {
			w.hold(held(ada, "ada", "f1"))
			if err := w.Release(w.t.Context(), clinic, "nobody@example.com", "ada"); err != nil {
				w.t.Fatal(err)
			}
			if err := w.ReleaseAll(w.t.Context(), "team/other"); err != nil {
				w.t.Fatal(err)
			}
		}
		if diff := cmp.Diff(before, w.versionOf(observer, "holdings")); diff != "" {
			w.t.Errorf("something was written: %s", diff)
		}
		w.hold(held(ada, "ada", "f2"))
		if before == w.versionOf(observer, "holdings") {
			w.t.Error("a new fingerprint was not written")
		}
	})
}

// versionOf changes whenever somebody else writes to the table; see
// [world.fingerprint].
func (w *world) versionOf(observer *database.DB, table string) string {
	w.t.Helper()
	query := "SELECT COALESCE(SUM(CAST(CAST(xmin AS TEXT) AS BIGINT)), 0) FROM " + table
	if observer.Dialect() == database.SQLite {
		query = "SELECT data_version FROM pragma_data_version"
	}
	var version int64
	err := observer.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
		return tx.QueryRowContext(ctx, query).Scan(&version)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return w.fingerprint(observer) + fmt.Sprint(table, " ", version)
}

// Pages are in order, leave nobody out, and stay in their organization.
func TestPromise_HoldingsInPages(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 57
		together(people, func(i int) {
			if err := w.Hold(w.t.Context(), held(fmt.Sprintf("p%02d@example.com", i), fmt.Sprint("user-", i%2), ""), ""); err != nil {
				w.t.Error(err)
			}
		})
		other := held(ada, "user-0", "")
		other.Organization = "team/other"
		w.hold(other)

		var seen []string
		for after := ""; ; {
			page, err := w.Holdings(w.t.Context(), clinic, after, 10)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, h := range page {
				seen = append(seen, h.Address)
			}
			if len(page) < 10 {
				break
			}
			after = page[len(page)-1].Address
		}
		var want []string
		for i := range people {
			want = append(want, fmt.Sprintf("p%02d@example.com", i))
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			w.t.Errorf("pages (-want +got):\n%s", diff)
		}
		mine, err := w.HeldBy(w.t.Context(), clinic, "user-0")
		if err != nil || len(mine) != (people+1)/2 || mine[0].Address != "p00@example.com" || mine[1].Address != "p02@example.com" {
			w.t.Errorf("%d are held by one, %v", len(mine), err)
		}
		if err := w.ReleaseAll(w.t.Context(), clinic); err != nil {
			w.t.Fatal(err)
		}
		w.wantHoldings("all released")
		if left, err := w.Holdings(w.t.Context(), "team/other", "", 0); err != nil || len(left) != 1 {
			w.t.Errorf("another organization has %d, %v; want its own", len(left), err)
		}
	})
}

// Of many who hold one address at once, one has it, and all others are told.
func TestPromise_HoldAtOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		second := w.second()
		together(40, func(i int) {
			l := []*ledger.Ledger{w.Ledger, second}[i%2]
			h := held(ada, fmt.Sprint("user-", i%5), "")
			if err := l.Hold(w.t.Context(), h, ""); err != nil && !directory.IsKind(err, directory.KindConflict) {
				w.t.Error(err)
			}
			if i%7 == 0 {
				if err := l.Release(w.t.Context(), clinic, ada, h.Holder); err != nil {
					w.t.Error(err)
				}
			}
		})
		if n := w.count("SELECT COUNT(*) FROM holdings"); n > 1 {
			w.t.Errorf("%d rows for one address", n)
		}
	})
}

func TestHoldRefusesWhatCanNeverBe(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	for reason, change := range map[string]func(*directory.Holding){
		"no address":       func(h *directory.Holding) { h.Address = "" },
		"no organization":  func(h *directory.Holding) { h.Organization = "" },
		"no origin":        func(h *directory.Holding) { h.Origin = "" },
		"unknown origin":   func(h *directory.Holding) { h.Origin = "Stolen" },
		"unknown standing": func(h *directory.Holding) { h.Standing = "Suspended" },
		"NUL in a holder":  func(h *directory.Holding) { h.Holder = "a\x00b" },
		"endless applied":  func(h *directory.Holding) { h.Applied = strings.Repeat("a", 10_000) },
		"control in a key": func(h *directory.Holding) { h.Address = "a\r\n@example.com" },
	} {
		h := held(ada, "ada", "")
		change(&h)
		wantKind(t, reason, w.Hold(t.Context(), h, ""), directory.KindInvalid)
	}
}

// Nobody takes over, or releases, what somebody else holds meanwhile.
func TestPromise_AHoldingIsTakenOnlyFromWhomOneKnows(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.hold(held(ada, "ada", ""))
		w.hold(held(ada, "countess", ""))
		for _, from := range []string{"ada", "", "nobody"} {
			err := w.Hold(w.t.Context(), held(ada, directory.Leaving("ada"), ""), from)
			wantKind(w.t, "take it from "+from, err, directory.KindConflict)
		}
		w.wantHoldings("it stays", since(held(ada, "countess", ""), start))
		if err := w.Hold(w.t.Context(), held(ada, directory.Leaving("countess"), ""), "countess"); err != nil {
			w.t.Fatal(err)
		}
		wantKind(w.t, "take what is being removed", w.Hold(w.t.Context(), held(ada, "heir", ""), "countess"), directory.KindConflict)
	})
}
