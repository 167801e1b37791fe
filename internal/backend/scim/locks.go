package scim

import (
	"context"
	"slices"
	"sync"
)

// locks keep calls about one thing apart within this process: a service
// provider has no transactions, and a person's access is several groups.
type locks struct {
	mu   sync.Mutex
	held map[string]*turn
}

// turn is whose turn it is: whoever can put something into the channel.
type turn struct {
	free chan struct{}
	// wanted is how many hold or wait.
	wanted int
}

// lock waits for its turn, and returns what ends it. The error is the
// context's.
func (l *locks) lock(ctx context.Context, key string) (func(), error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*turn{}
	}
	t := l.held[key]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		l.held[key] = t
	}
	t.wanted++
	l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		l.leave(key, t)
		return nil, err
	}
	select {
	case t.free <- struct{}{}:
		return func() { <-t.free; l.leave(key, t) }, nil
	case <-ctx.Done():
		l.leave(key, t)
		return nil, ctx.Err()
	}
}

// lockAll waits for its turn with several, always in the same order.
func (l *locks) lockAll(ctx context.Context, keys ...string) (func(), error) {
	slices.Sort(keys)
	var held []func()
	unlock := func() {
		for _, one := range held {
			one()
		}
	}
	for _, key := range slices.Compact(keys) {
		one, err := l.lock(ctx, key)
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, one)
	}
	return unlock, nil
}

func (l *locks) leave(key string, t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.wanted--; t.wanted == 0 {
		delete(l.held, key)
	}
}
