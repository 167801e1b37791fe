package protocol

import (
	"sync"
	"time"
)

// breaker leaves a service provider alone that could not be reached several
// times in a row. It is small and our own because the time comes from the
// caller, which the libraries for it do not let us choose.
type breaker struct {
	limit int
	pause time.Duration

	mu       sync.Mutex
	failures int       // in a row
	openTill time.Time // zero while closed
	probing  bool      // one call is out to see
}

// outcome is how a call ended, for the breaker.
type outcome int8

const (
	// reached: there was an answer below 500.
	reached outcome = iota
	// unreached: there was none, or one of 500 and above.
	unreached
	// abandoned: the caller gave up first, so that nothing is known.
	abandoned
)

// blocked returns how long calls shall not be tried; 0 when they may.
func (b *breaker) blocked(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.remaining(now)
}

// allow is blocked, and claims the one probe when the pause is over.
func (b *breaker) allow(now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := b.remaining(now)
	if left == 0 && !b.openTill.IsZero() {
		b.probing = true
	}
	return left
}

func (b *breaker) remaining(now time.Time) time.Duration {
	switch {
	case b.openTill.IsZero():
		return 0
	case now.Before(b.openTill):
		return b.openTill.Sub(now)
	case b.probing:
		return time.Second
	}
	return 0
}

// record tells how an allowed call ended.
func (b *breaker) record(now time.Time, o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch o {
	case reached:
		b.failures, b.openTill, b.probing = 0, time.Time{}, false
	case unreached:
		b.failures++
		// Calls that began before it opened do not prolong the pause.
		if b.probing && !now.Before(b.openTill) || b.openTill.IsZero() && b.failures >= b.limit {
			b.openTill, b.probing = now.Add(b.pause), false
		}
	case abandoned:
		b.probing = false
	}
}
