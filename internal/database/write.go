package database

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// transactionTimeout bounds a transaction with all its attempts, so that a
	// peer that vanished without a word (a host that lost power, a dropped
	// route) cannot hold a caller for the many minutes that TCP would.
	transactionTimeout = 30 * time.Second
	// maxAttempts is how often a transaction is tried in all.
	maxAttempts = 8
	// firstPause is the longest pause after the first attempt; it doubles.
	firstPause = 5 * time.Millisecond
)

// Write runs f in a transaction and commits when f returns nil. It may call f
// several times, each time in a fresh transaction: f must have no effect but
// through its Tx, and must set, not add to, what it leaves in variables. On
// SQLite transactions share commits, so a slow f is slow for others too. An error
// of f is returned as it is when it carries a [directory.Kind], otherwise with
// the kind that fits what the database said. KindInternal when f itself calls
// Write with the context that it was given: that would wait for itself.
func (db *DB) Write(ctx context.Context, f func(context.Context, Tx) error) error {
	if ctx.Value(writing{}) == db {
		return directory.Errorf(directory.KindInternal, "write to the database", "a transaction was begun within another")
	}
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, writing{}, db), transactionTimeout)
	defer cancel()
	return db.repeat(ctx, func() error { return db.engine.write(ctx, f) })
}

// writing is the key under which a context says to which DB it writes.
type writing struct{}

// Read runs f in a transaction that cannot write and sees one moment of the
// database. Like Write it may call f several times.
func (db *DB) Read(ctx context.Context, f func(context.Context, Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	return db.repeat(ctx, func() error { return db.engine.read(ctx, f) })
}

func (db *DB) repeat(ctx context.Context, try func() error) error {
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil {
			return nil
		}
		if attempt == maxAttempts || !judge(err).again || !db.pause(ctx, attempt) {
			return translate(err)
		}
	}
}

// pause waits a random time, so that transactions that collided do not collide
// again. It reports whether there is time left.
func (db *DB) pause(ctx context.Context, attempt int) bool {
	longest := firstPause << (attempt - 1)
	timer := db.clock.NewTimer(time.Duration(rand.Int64N(int64(longest))))
	defer timer.Stop()
	select {
	case <-timer.C():
		return true
	case <-ctx.Done():
		return false
	}
}

// commitError is a failure of the commit itself. Unless the server says that it
// rolled back, nobody knows whether it took effect.
type commitError struct{ err error }

func (e *commitError) Error() string {
	return fmt.Sprintf("commit, whose outcome is not known: %v", e.err)
}

func (e *commitError) Unwrap() error { return e.err }
