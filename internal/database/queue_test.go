package database

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// Whoever has the turn and sees that somebody waits may rely on being followed,
// even when that somebody is just giving up.
func TestQueueNeverLosesATurn(t *testing.T) {
	const goroutines, rounds = 32, 200
	var q queue
	var inside, open atomic.Int64
	var done sync.WaitGroup
	for range goroutines {
		done.Go(func() {
			for range rounds {
				ctx, cancel := context.WithCancel(context.Background())
				if rand.N(3) == 0 {
					go cancel()
				}
				err := q.enter(ctx)
				cancel()
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("entering failed: %v", err)
					}
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two have the turn")
				}
				open.Store(1)
				inside.Add(-1)
				if q.next() {
					continue
				}
				open.Store(0)
				q.leave()
			}
		})
	}
	done.Wait()
	if q.taken || len(q.waiting) != 0 {
		t.Errorf("all are gone, but taken is %t and %d wait", q.taken, len(q.waiting))
	}
	if open.Load() != 0 {
		t.Error("somebody relied on being followed, and was not")
	}
}
