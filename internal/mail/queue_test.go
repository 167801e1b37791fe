package mail

import (
	"context"
	"maps"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// memoryQueue is a queue that remembers everything.
type memoryQueue struct {
	mu       sync.Mutex
	due      []directory.Delivery
	claimed  map[string]directory.Delivery
	finished map[string]directory.DeliveryOutcome
	// departed are those that were about to leave; ended must not.
	departed, ended map[string]bool
	// finishes counts the successful calls of Finish by delivery.
	finishes map[string]int
	// failures are the next answers of Finish.
	failures []error
	// broken is the answer of Finish while it is not nil.
	broken  error
	most    int
	wake    chan struct{}
	changed chan struct{}
}

func newMemoryQueue(due ...directory.Delivery) *memoryQueue {
	return &memoryQueue{
		due:      due,
		claimed:  map[string]directory.Delivery{},
		finished: map[string]directory.DeliveryOutcome{},
		departed: map[string]bool{},
		ended:    map[string]bool{},
		finishes: map[string]int{},
		wake:     make(chan struct{}, 1),
		changed:  make(chan struct{}),
	}
}

func (q *memoryQueue) Claim(_ context.Context, n int) ([]directory.Delivery, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.due))
	taken := q.due[:n]
	q.due = q.due[n:]
	for _, d := range taken {
		q.claimed[d.ID] = d
	}
	q.most = max(q.most, len(q.claimed))
	q.change()
	return taken, nil
}

func (q *memoryQueue) Depart(_ context.Context, id string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended[id] {
		return directory.Errorf(directory.KindConflict, "let a delivery depart", "the invitation has ended")
	}
	q.departed[id] = true
	return nil
}

func (q *memoryQueue) Finish(_ context.Context, id string, o directory.DeliveryOutcome) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.change()
	if len(q.failures) > 0 {
		err := q.failures[0]
		q.failures = q.failures[1:]
		return err
	}
	if q.broken != nil {
		return q.broken
	}
	if _, ok := q.claimed[id]; !ok {
		return directory.Errorf(directory.KindConflict, "finish", "not claimed")
	}
	delete(q.claimed, id)
	q.finished[id] = o
	q.finishes[id]++
	return nil
}

func (q *memoryQueue) Wake() <-chan struct{} { return q.wake }

// change tells waiters; the caller holds the lock.
func (q *memoryQueue) change() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *memoryQueue) add(all ...directory.Delivery) {
	q.mu.Lock()
	q.due = append(q.due, all...)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// until waits for a state of the queue.
func (q *memoryQueue) until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	ctx := testContext(t)
	for {
		q.mu.Lock()
		ok, changed := reached(), q.changed
		q.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("never: %s; %d due, %d claimed, results %v", what, len(q.due), len(q.claimed), q.results())
		}
	}
}

func (q *memoryQueue) untilFinished(t *testing.T, n int) {
	t.Helper()
	q.until(t, "all finished", func() bool { return len(q.finished) == n })
}

// results counts the finished deliveries by result.
func (q *memoryQueue) results() map[directory.DeliveryResult]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	counts := map[directory.DeliveryResult]int{}
	for o := range maps.Values(q.finished) {
		counts[o.Result]++
	}
	return counts
}

func (q *memoryQueue) outcome(id string) directory.DeliveryOutcome {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.finished[id]
}
