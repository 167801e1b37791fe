package mail

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	tooSlow = "the mail server is too slow, and other mail was waiting"
	tooLate = "its turn came too late"
)

// parked is a claimed delivery that waits for a connection.
type parked struct {
	delivery directory.Delivery
	// recall is when half of the claim has passed. A claim that nobody finishes
	// counts as a mail that was perhaps sent, so what only waited is handed
	// back in time, and an attempt has at least the other half.
	recall time.Time
}

func park(d directory.Delivery, now time.Time) parked {
	return parked{delivery: d, recall: now.Add(d.Deadline.Sub(now) / 2)}
}

// unpark empties the lane.
func (l *lane) unpark() []directory.Delivery {
	all := make([]directory.Delivery, len(l.waiting))
	for i, p := range l.waiting {
		all[i] = p.delivery
	}
	l.waiting = nil
	return all
}

// recall hands back what has waited for too long, in all lanes.
func (o *Outbox) recall(sending context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lanes {
		o.recallFrom(sending, l)
	}
}

// recallFrom does so in one lane. The caller holds the lock.
func (o *Outbox) recallFrom(sending context.Context, l *lane) {
	now := o.Clock.Now()
	var late []directory.Delivery
	var rest []parked
	for _, p := range l.waiting {
		if now.Before(p.recall) {
			rest = append(rest, p)
			continue
		}
		late = append(late, p.delivery)
	}
	if l.waiting = rest; len(late) > 0 {
		o.senders.Go(func() { o.handBack(sending, late, tooLate) })
	}
}

// untilRecall is how long until something has waited for too long, at most d.
func (o *Outbox) untilRecall(d time.Duration) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.Clock.Now()
	for _, l := range o.lanes {
		for _, p := range l.waiting {
			d = min(d, max(0, p.recall.Sub(now)))
		}
	}
	return d
}

// shed hands back what waits for servers that have not moved for a while,
// because nothing else can be claimed.
func (o *Outbox) shed(sending context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.lanes {
		if len(l.waiting) == 0 || o.Clock.Since(l.moved) < o.patience {
			continue
		}
		waiting := l.unpark()
		l.stalled = true
		o.senders.Go(func() { o.handBack(sending, waiting, tooSlow) })
	}
}
