package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// followEvery is how often other processes' changes are asked for. Asking was
// preferred to LISTEN/NOTIFY: it works on SQLite and on every server that speaks
// PostgreSQL's protocol, through every connection pooler; a notification is lost
// with its connection, so one would have to ask anyway; and NOTIFY makes all
// commits of a PostgreSQL server wait for one lock. One row is read, and what
// is missed lasts at most this long.
const followEvery = 200 * time.Millisecond

// Follow calls f with every change from the moment of the call on, in order and
// one at a time, until ctx ends; then it returns nil. Changes of this process
// come at once, others within 200 ms. While the database does not answer it
// goes on asking. [ErrChangesLost] ends it: the caller then looks at everything
// and follows again. Another error means that it could not begin.
func (l *Ledger) Follow(ctx context.Context, f func(directory.Change)) error {
	head, err := l.Head(ctx)
	if err != nil {
		return err
	}
	return l.FollowAfter(ctx, head, f)
}

// FollowAfter is [Ledger.Follow] from a position that [Ledger.Head] returned
// earlier: what is observed in between misses nothing.
func (l *Ledger) FollowAfter(ctx context.Context, after int64, f func(directory.Change)) error {
	ticker := l.clock.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		// Before reading, so that a change that comes meanwhile is not slept through.
		woken := l.changed.wait()
		last, err := l.tell(ctx, after, f)
		if errors.Is(err, ErrChangesLost) {
			return err
		}
		after = last
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		case <-woken:
		}
	}
}

// tell calls f with what there is after the position, and returns the new one.
func (l *Ledger) tell(ctx context.Context, after int64, f func(directory.Change)) (int64, error) {
	for {
		changes, err := l.Changes(ctx, after, maxChanges)
		if err != nil {
			return after, err
		}
		for _, c := range changes {
			f(c)
			after = c.Sequence
		}
		if len(changes) < maxChanges {
			return after, nil
		}
	}
}

// broadcast wakes all who wait. Its zero value is ready.
type broadcast struct {
	mu sync.Mutex
	c  chan struct{}
}

// wait returns a channel that is closed by the next send.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c == nil {
		b.c = make(chan struct{})
	}
	return b.c
}

func (b *broadcast) send() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.c != nil {
		close(b.c)
		b.c = nil
	}
}
