package ledger_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// fivePerHour is the limit that an Organization has when it says nothing.
var fivePerHour = directory.RemovalLimit{Floor: 5, Window: time.Hour}

func departure(n int) directory.Departure {
	return directory.Departure{Organization: clinic, Address: fmt.Sprintf("p%d@example.com", n), Subject: fmt.Sprintf("uid-%d", n)}
}

func departures(from, to int) []directory.Departure {
	var all []directory.Departure
	for n := from; n < to; n++ {
		all = append(all, departure(n))
	}
	return all
}

// ask asks to remove the n-th person.
func (w *world) ask(n int) directory.RemovalAnswer {
	w.t.Helper()
	return w.reserve(directory.RemovalRequest{Departure: departure(n), Limit: fivePerHour})
}

func (w *world) reserve(r directory.RemovalRequest) directory.RemovalAnswer {
	w.t.Helper()
	answer, err := w.ReserveRemoval(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

func (w *world) standing() directory.RemovalStanding {
	w.t.Helper()
	s, err := w.Removals(w.t.Context(), clinic, fivePerHour.Window)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantAnswers(reason string, from, to int, want directory.RemovalAnswer) {
	w.t.Helper()
	for n := from; n < to; n++ {
		if got := w.ask(n); got != want {
			w.t.Errorf("%s: person %d: %s, want %s", reason, n, got, want)
		}
	}
}

// However many ask at the same time, in however many processes, no more than the
// floor go.
func TestBY4_ReservingIsAtomic(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ledgers := []*ledger.Ledger{w.Ledger, w.second()}
		var granted atomic.Int32
		together(80, func(i int) {
			// Everybody is asked about twice: by a repeat, or by an old leader.
			r := directory.RemovalRequest{Departure: departure(i / 2), Limit: fivePerHour}
			answer, err := ledgers[i%2].ReserveRemoval(w.t.Context(), r)
			if err != nil {
				w.t.Error(err)
			}
			if answer == directory.RemovalGranted {
				granted.Add(1)
			}
		})
		if got := w.standing().Done; got != 5 {
			w.t.Errorf("%d removals are counted, want the floor of 5", got)
		}
		if n := granted.Load(); n < 5 || n > 10 {
			w.t.Errorf("%d were told to go, want each of five people once or twice", n)
		}
		reserved, err := w.ReservedRemovals(w.t.Context(), clinic)
		if err != nil || len(reserved) != 5 {
			w.t.Errorf("%d are reserved, %v; want 5", len(reserved), err)
		}
	})
}

// A crash between the reservation and the removal repeats the question: the
// answer is the same, and nothing counts twice.
func TestBY4_ARepeatedRemovalCountsOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.wantAnswers("first", 0, 3, directory.RemovalGranted)
		w.wantAnswers("repeated", 0, 3, directory.RemovalGranted)
		if got := w.standing().Done; got != 3 {
			w.t.Errorf("%d count, want 3", got)
		}
		w.wantAnswers("the rest of the floor", 3, 5, directory.RemovalGranted)
		w.wantAnswers("beyond it", 5, 8, directory.RemovalWaits)
		w.wantAnswers("whoever may go may go", 0, 5, directory.RemovalGranted)
		again := departure(0)
		again.Subject = "uid-0b"
		if got := w.reserve(directory.RemovalRequest{Departure: again, Limit: fivePerHour}); got != directory.RemovalWaits {
			w.t.Errorf("%s for another removal of the same person, want Waits", got)
		}
	})
}

// The window rolls: what is older counts no more, and whoever was granted may
// still go, after a backend was down for longer.
func TestBY4_TheWindowRolls(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.wantAnswers("at first", 0, 4, directory.RemovalGranted)
		w.clock.Step(40 * time.Minute)
		w.wantAnswers("later", 4, 5, directory.RemovalGranted)
		w.wantAnswers("at once", 5, 6, directory.RemovalWaits)
		w.clock.Step(21 * time.Minute)
		w.wantAnswers("when the first four are over an hour old", 5, 9, directory.RemovalGranted)
		w.wantAnswers("and no more", 9, 10, directory.RemovalWaits)
		w.wantAnswers("granted long ago", 0, 4, directory.RemovalGranted)
		w.clock.Step(8 * 24 * time.Hour)
		w.wantAnswers("a new one", 50, 51, directory.RemovalGranted)
		reserved, err := w.ReservedRemovals(w.t.Context(), clinic)
		if err != nil || len(reserved) != 1 {
			w.t.Errorf("%d are reserved, %v; want those of a week ago forgotten", len(reserved), err)
		}
	})
}

// A clock that was set back does not lock anybody for longer than the window.
func TestBY4_AClockThatIsSetBack(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.clock.Step(72 * time.Hour)
		w.wantAnswers("in the future", 0, 5, directory.RemovalGranted)
		w.clock.SetTime(start)
		w.wantAnswers("set back by three days", 5, 6, directory.RemovalWaits)
		w.clock.Step(61 * time.Minute)
		w.wantAnswers("when the window is over", 5, 10, directory.RemovalGranted)
		w.wantAnswers("and no more", 10, 11, directory.RemovalWaits)
	})
}

// A stop holds everybody, also when the window has rolled on; an approval lets
// exactly those go that it names.
func TestBY4_AStopHoldsUntilItIsApproved(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		w.wantAnswers("the floor", 0, 5, directory.RemovalGranted)
		for i, want := range []bool{true, false} {
			tripped, err := w.HoldRemovals(ctx, clinic, 5)
			if err != nil || tripped != want {
				w.t.Errorf("stop number %d: tripped %t, %v; want %t", i+1, tripped, err, want)
			}
		}
		w.clock.Step(3 * time.Hour)
		w.wantAnswers("no trickle", 5, 8, directory.RemovalHeld)
		if got, want := w.standing(), (directory.RemovalStanding{Held: true, HeldDone: 5}); !gocmp.Equal(got, want) {
			w.t.Errorf("standing %+v, want %+v", got, want)
		}
		w.must(w.GrantRemovals(ctx, clinic, departures(5, 60), "w1"))
		w.wantAnswers("approved", 5, 60, directory.RemovalGranted)
		if got, want := w.standing(), (directory.RemovalStanding{}); !gocmp.Equal(got, want) {
			w.t.Errorf("standing %+v, want %+v: what was approved does not count", got, want)
		}
		w.wantAnswers("others follow the rule again", 60, 65, directory.RemovalGranted)
		w.wantAnswers("others follow the rule again", 65, 66, directory.RemovalWaits)
	})
}

// One that a person approved by itself passes a stop, and counts for nothing.
func TestBY4_OneRemovalIsApproved(t *testing.T) {
	eachDatabase(t, func(w *world) {
		if _, err := w.HoldRemovals(w.t.Context(), clinic, 0); err != nil {
			w.t.Fatal(err)
		}
		r := directory.RemovalRequest{Departure: departure(1), Limit: fivePerHour, Approval: "LastAdministrator"}
		if got := w.reserve(r); got != directory.RemovalGranted {
			w.t.Errorf("%s, want Granted", got)
		}
		r.Approval = ""
		if got := w.reserve(r); got != directory.RemovalGranted {
			w.t.Errorf("%s without repeating the word, want Granted", got)
		}
		if got := w.standing(); got.Done != 0 || !got.Held {
			w.t.Errorf("standing %+v, want nothing counted and the stop still there", got)
		}
	})
}

// A wave within the limits is granted without a word, and counts.
func TestBY4_AWaveWithinTheLimits(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.wantAnswers("the floor", 0, 5, directory.RemovalGranted)
		w.must(w.GrantRemovals(w.t.Context(), clinic, departures(3, 20), ""))
		w.wantAnswers("all", 0, 20, directory.RemovalGranted)
		if got := w.standing().Done; got != 20 {
			w.t.Errorf("%d count, want 20", got)
		}
		// Nothing waits, and so nothing is held.
		w.must(w.LiftRemovals(w.t.Context(), clinic))
	})
}

// Whom nobody declares counts like everybody else; who waits is known, and
// forgotten when they are declared or gone.
func TestBY4_UndeclaredMembersAreCounted(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		reserve := func(from, to, want int) {
			w.t.Helper()
			may, err := w.ReserveUndeclared(ctx, clinic, departures(from, to), fivePerHour)
			if err != nil || len(may) != want {
				w.t.Errorf("%d of %d..%d may go, %v; want %d", len(may), from, to, err, want)
			}
		}
		w.wantAnswers("a declared person", 100, 102, directory.RemovalGranted)
		reserve(0, 10, 3)
		reserve(0, 10, 3)
		waiting := w.standing().Undeclared
		slices.SortFunc(waiting, func(a, b directory.Departure) int { return cmp.Compare(a.Address, b.Address) })
		if diff := gocmp.Diff(departures(3, 10), waiting); diff != "" {
			w.t.Errorf("who waits (-want +got):\n%s", diff)
		}
		reserve(0, 6, 3)
		if got := len(w.standing().Undeclared); got != 3 {
			w.t.Errorf("%d wait, want those three that are still there", got)
		}
		w.must(w.GrantRemovals(ctx, clinic, departures(3, 6), "w2"))
		reserve(0, 6, 6)
		reserve(0, 0, 0)
		if got := w.standing(); len(got.Undeclared) != 0 || got.Done != 5 {
			w.t.Errorf("standing %+v, want nobody waiting and five counted", got)
		}
		if _, err := w.HoldRemovals(ctx, clinic, 5); err != nil {
			w.t.Fatal(err)
		}
		w.clock.Step(2 * time.Hour)
		reserve(20, 22, 0)
	})
}

// What asks in vain, or again, writes nothing.
func TestPromise_AskingAgainIsQuiet(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		w.wantAnswers("the floor", 0, 5, directory.RemovalGranted)
		if _, err := w.ReserveUndeclared(ctx, clinic, departures(10, 12), fivePerHour); err != nil {
			w.t.Fatal(err)
		}
		observer := databasetest.Second(w.t, w.db)
		look := func() string { return w.fingerprint(observer) + w.removalsFingerprint(observer) }
		before := look()
		w.wantAnswers("again", 0, 5, directory.RemovalGranted)
		w.wantAnswers("in vain", 5, 9, directory.RemovalWaits)
		if _, err := w.ReserveUndeclared(ctx, clinic, departures(10, 12), fivePerHour); err != nil {
			w.t.Fatal(err)
		}
		w.must(w.LiftRemovals(ctx, clinic))
		w.standing()
		if after := look(); after != before {
			w.t.Errorf("something was written\nbefore:\n%s\nafter:\n%s", before, after)
		}
	})
}

func (w *world) removalsFingerprint(observer *database.DB) string {
	w.t.Helper()
	text := ""
	for _, table := range []string{"removals", "removal_rails"} {
		query := "SELECT COALESCE(SUM(CAST(CAST(xmin AS TEXT) AS BIGINT)), 0), COUNT(*) FROM " + table
		if observer.Dialect() == database.SQLite {
			query = "SELECT 0, COUNT(*) FROM " + table
		}
		var version, rows int64
		w.must(observer.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
			return tx.QueryRowContext(ctx, query).Scan(&version, &rows)
		}))
		text += fmt.Sprintf("%s %d %d\n", table, version, rows)
	}
	return text
}

// Stops and approvals are in the trail, and wake whoever waits.
func TestBY12_RailsAreAudited(t *testing.T) {
	eachDatabase(t, func(w *world) {
		ctx := w.t.Context()
		head, err := w.Head(ctx)
		w.must(err)
		w.wantAnswers("one", 0, 1, directory.RemovalGranted)
		if _, err := w.HoldRemovals(ctx, clinic, 1); err != nil {
			w.t.Fatal(err)
		}
		w.must(w.GrantRemovals(ctx, clinic, departures(1, 3), "w3"))
		entries, err := w.Audit(ctx, clinic, "", 0)
		w.must(err)
		var got []string
		for _, e := range entries {
			if e.Action != ledger.ActionOrganizationApplied {
				got = append(got, string(e.Action)+" "+e.Note)
			}
		}
		want := []string{
			"RemovalsApproved wave w3: 2 people", "RemovalAllowed wave w3 was approved", "RemovalAllowed wave w3 was approved",
			"RemovalsHeld after 1 within the window", "RemovalAllowed within the limits",
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			w.t.Errorf("the trail, newest first (-want +got):\n%s", diff)
		}
		changes, err := w.Changes(ctx, head, 0)
		w.must(err)
		for _, c := range changes {
			if c.Organization != clinic || c.Address != "" {
				w.t.Errorf("change %+v, want one about everybody", c)
			}
		}
		if len(changes) != 2 {
			w.t.Errorf("%d changes, want one of the stop and one of the approval", len(changes))
		}
	})
}

func TestRemovalsRefuseWhatNoDatabaseStores(t *testing.T) {
	eachDatabase(t, func(w *world) {
		for reason, d := range map[string]directory.Departure{
			"no organization": {Address: ada, Subject: "uid"},
			"no address":      {Organization: clinic, Subject: "uid"},
			"no subject":      {Organization: clinic, Address: ada},
			"a line break":    {Organization: clinic, Address: ada, Subject: "a\nb"},
		} {
			_, err := w.ReserveRemoval(w.t.Context(), directory.RemovalRequest{Departure: d, Limit: fivePerHour})
			wantKind(w.t, reason, err, directory.KindInvalid)
			wantKind(w.t, reason, w.GrantRemovals(w.t.Context(), clinic, []directory.Departure{d}, ""), directory.KindInvalid)
			_, err = w.ReserveUndeclared(w.t.Context(), clinic, []directory.Departure{d}, fivePerHour)
			wantKind(w.t, reason, err, directory.KindInvalid)
		}
	})
}
