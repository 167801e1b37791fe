package scim

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// mirror is a copy of something at the service provider: as of one listing, and
// with what this process has changed since. One listing at a time is read, for
// all who wait for it.
type mirror[T any] struct {
	clock clock.PassiveClock
	age   time.Duration
	load  func(context.Context) (*T, error)
	// turn is held by whoever reads the listing.
	turn chan struct{}

	mu sync.Mutex
	// held is nil before the first listing.
	held *T
	at   time.Time
	// started counts listings; good is the last one that ended well.
	started, good int64
	reading       bool
	// expired is true when the listing that is read is too old when it comes.
	expired bool
	// changes were made while a listing is read, which may or may not show them.
	changes []func(*T)
}

func newMirror[T any](c clock.PassiveClock, age time.Duration, load func(context.Context) (*T, error)) *mirror[T] {
	return &mirror[T]{clock: c, age: age, load: load, turn: make(chan struct{}, 1)}
}

// recent calls f with a copy that is not too old. f must not keep it.
func (m *mirror[T]) recent(ctx context.Context, f func(*T)) error {
	if m.use(f) {
		return ctx.Err()
	}
	return m.inTurn(ctx, func() error {
		// Whoever had the turn before has read what all have waited for.
		if m.use(f) {
			return nil
		}
		return m.readFor(ctx, f)
	})
}

// fresh calls f with a copy whose listing began after the call did.
func (m *mirror[T]) fresh(ctx context.Context, f func(*T)) error {
	m.mu.Lock()
	asked := m.started
	m.mu.Unlock()
	return m.inTurn(ctx, func() error {
		m.mu.Lock()
		if m.good > asked {
			defer m.mu.Unlock()
			f(m.held)
			return nil
		}
		m.mu.Unlock()
		return m.readFor(ctx, f)
	})
}

// inTurn calls what reads a listing, one at a time.
func (m *mirror[T]) inTurn(ctx context.Context, call func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-m.turn }()
	return call()
}

func (m *mirror[T]) readFor(ctx context.Context, f func(*T)) error {
	if err := m.read(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m.held)
	return nil
}

// read reads the listing. The caller has the turn.
func (m *mirror[T]) read(ctx context.Context) error {
	m.mu.Lock()
	m.started++
	number, at := m.started, m.clock.Now()
	m.reading, m.expired, m.changes = true, false, nil
	m.mu.Unlock()
	held, err := m.load(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	changes := m.changes
	m.reading, m.changes = false, nil
	if err != nil {
		return err
	}
	for _, change := range changes {
		change(held)
	}
	m.held, m.at, m.good = held, at, number
	if m.expired {
		m.at = time.Time{}
	}
	return nil
}

// use calls f with the copy when there is one that is not too old.
func (m *mirror[T]) use(f func(*T)) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil || m.clock.Since(m.at) >= m.age {
		return false
	}
	f(m.held)
	return true
}

// change records what this process has changed.
func (m *mirror[T]) change(f func(*T)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != nil {
		f(m.held)
	}
	if m.reading {
		m.changes = append(m.changes, f)
	}
}

// expire makes the next reader read a listing that begins after now.
func (m *mirror[T]) expire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.expired = time.Time{}, true
}
