package database

import (
	"context"
	"slices"
	"sync"
)

// queue hands a turn from one goroutine to the next, in the order in which they
// came. Unlike a mutex it tells whether somebody is waiting, and whoever waits
// may give up; a turn that was handed over is never lost, so whoever is told
// that somebody waits can rely on being followed.
type queue struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan struct{}
}

// enter waits for the turn. An error means that the caller does not have it.
func (q *queue) enter(ctx context.Context) error {
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	q.waiting = append(q.waiting, turn)
	q.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.waiting, turn); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
		return ctx.Err()
	}
	// The turn came at the same moment, and somebody relies on our taking it.
	return nil
}

// next hands the turn to whoever has waited longest, and reports whether there
// was anybody; otherwise the caller still has it.
func (q *queue) next() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return false
	}
	close(q.waiting[0])
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	return true
}

// leave gives the turn up, to whoever waits or to whoever comes.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.taken = false
		return
	}
	close(q.waiting[0])
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
}
