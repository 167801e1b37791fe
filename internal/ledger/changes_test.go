package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// patience is for what happens at once on a machine that is not busy.
const patience = time.Minute

// follower collects what a ledger tells.
type follower struct {
	t       *testing.T
	changes chan directory.Change
	ended   chan error
}

func follow(t *testing.T, l *ledger.Ledger) *follower {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f := &follower{t: t, changes: make(chan directory.Change, 1000), ended: make(chan error, 1)}
	go func() { f.ended <- l.FollowAfter(ctx, head, func(c directory.Change) { f.changes <- c }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-f.ended; err != nil {
			t.Errorf("following ended with %v", err)
		}
	})
	return f
}

func (f *follower) next() directory.Change {
	f.t.Helper()
	select {
	case c := <-f.changes:
		return c
	case <-time.After(patience):
		f.t.Fatal("no change was told")
		return directory.Change{}
	}
}

func TestFollowTellsOwnChangesAtOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		f := follow(w.t, w.Ledger)
		// The clock stands still, so nothing but the change itself wakes it.
		w.mustRedeem(ada)
		if diff := cmp.Diff(directory.Change{Sequence: 1, Organization: clinic, Address: ada}, f.next()); diff != "" {
			w.t.Error(diff)
		}
	})
}

func TestFollowTellsOtherProcessesChanges(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		f := follow(w.t, w.open(databasetest.Second(w.t, w.db), "two", clock.RealClock{}))
		if _, err := w.redeem(token); err != nil {
			w.t.Fatal(err)
		}
		if got := f.next(); got.Address != ada {
			w.t.Errorf("told %+v", got)
		}
	})
}

func TestFollowBeginsAtTheHead(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite("before@example.com", 1)
		w.mustRedeem("before@example.com")
		ctx, cancel := context.WithCancel(w.t.Context())
		told, ended := make(chan directory.Change, 1), make(chan error, 1)
		go func() {
			ended <- w.Follow(ctx, func(c directory.Change) {
				select {
				case told <- c:
				case <-ctx.Done():
				}
			})
		}()
		// Nobody knows when exactly it begins, so changes go on until one is told.
		for i := 0; len(told) == 0; i++ {
			address := fmt.Sprintf("after-%d@example.com", i)
			w.invite(address, 1)
			w.mustRedeem(address)
		}
		if c := <-told; c.Address == "before@example.com" || c.Sequence < 2 {
			w.t.Errorf("told %+v, which was before", c)
		}
		cancel()
		if err := <-ended; err != nil {
			w.t.Errorf("following ended with %v", err)
		}
	})
}

// Sequences are given out in the order of the commits: whoever has seen one has
// seen all below it, whatever commits at the same time.
func TestFollowSkipsNothingUnderConcurrency(t *testing.T) {
	eachDatabase(t, func(w *world) {
		const people = 100
		tokens := make([]string, people)
		for i := range people {
			address := fmt.Sprintf("person-%d@example.com", i)
			w.invite(address, 1)
			tokens[i] = w.token(address)
		}
		other := databasetest.Second(w.t, w.db)
		ledgers, dbs := []*ledger.Ledger{w.Ledger, w.open(other, "two", w.clock)}, []*database.DB{w.db, other}
		f := follow(w.t, w.open(databasetest.Second(w.t, w.db), "three", clock.RealClock{}))
		go together(people, func(i int) {
			var err error
			if i%3 == 0 {
				err = ledgers[i%2].Decline(w.t.Context(), tokens[i])
			} else {
				_, err = redeem(w.t.Context(), ledgers[i%2], dbs[i%2], tokens[i])
			}
			if err != nil {
				w.t.Error(err)
			}
		})
		told := map[string]bool{}
		for i := range int64(people) {
			c := f.next()
			if c.Sequence != i+1 {
				w.t.Errorf("change %d has sequence %d", i+1, c.Sequence)
			}
			told[c.Address] = true
		}
		if len(told) != people {
			w.t.Errorf("told of %d people; want %d", len(told), people)
		}
	})
}

// fill writes changes as if so many had happened.
func (w *world) fill(changes int64) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			INSERT INTO changes (sequence, organization, address) SELECT i, 'team/clinic', 'somebody@example.com' FROM n`, changes)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE change_head SET value = $1", changes)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestOldChangesAreTrimmed(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.fill(10_239)
		w.invite(ada, 1)
		w.mustRedeem(ada)
		if n := w.count("SELECT COUNT(*) FROM changes"); n != 10_000 {
			w.t.Errorf("%d changes are kept; want 10000", n)
		}
		for after, want := range map[int64]struct {
			lost  bool
			first int64
		}{
			0: {true, 0}, 239: {true, 0}, 240: {false, 241}, 10_239: {false, 10_240}, 10_240: {false, 0}, 10_241: {true, 0},
		} {
			changes, err := w.Changes(w.t.Context(), after, 5)
			if lost := errors.Is(err, ledger.ErrChangesLost); lost != want.lost || (err != nil && !directory.IsKind(err, directory.KindConflict)) {
				w.t.Errorf("after %d: error %v; want lost: %t", after, err, want.lost)
			}
			if len(changes) > 5 || (want.first > 0 && (len(changes) == 0 || changes[0].Sequence != want.first)) {
				w.t.Errorf("after %d: %d changes; want the first to be %d", after, len(changes), want.first)
			}
		}
	})
}

// A database that was restored from a backup has fewer changes than before:
// whoever follows must look at everything again.
func TestBY8_FollowNoticesARestoredDatabase(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.fill(10)
		err := w.FollowAfter(w.t.Context(), 11, func(c directory.Change) { w.t.Errorf("told %+v", c) })
		if !errors.Is(err, ledger.ErrChangesLost) {
			w.t.Errorf("following ended with %v; want ErrChangesLost", err)
		}
	})
}

func TestFollowReadsManyPages(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.fill(2500)
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		var once sync.Once
		var last int64
		err := w.FollowAfter(ctx, 0, func(c directory.Change) {
			if c.Sequence != last+1 {
				once.Do(func() { w.t.Errorf("after %d comes %d", last, c.Sequence) })
			}
			if last = c.Sequence; last == 2500 {
				cancel()
			}
		})
		if err != nil || last != 2500 {
			w.t.Errorf("told %d changes, %v", last, err)
		}
	})
}
