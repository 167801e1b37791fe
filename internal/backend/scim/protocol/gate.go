package protocol

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// refusalLimit is how many requests in a row may be refused for their
	// credentials before they are given up for refusalPause: ten thousand members
	// who are looked at would otherwise each ask with what is wrong, and services
	// lock out who does that.
	refusalLimit = 5
	refusalPause = 30 * time.Second
)

// pauseUnasked is how long the client pauses after a 429 that does not say.
const pauseUnasked = 2 * time.Second

// gate decides when a request may begin: not while the service provider asked
// for a pause, not while it cannot be reached, not more often than configured,
// not more at once than configured.
type gate struct {
	clock   clock.Clock
	slots   chan struct{}
	limiter *rate.Limiter
	breaker breaker
	// refusals is a breaker too: of answers that refuse our credentials.
	refusals breaker

	mu          sync.Mutex
	pausedUntil time.Time
}

func newGate(o Options) *gate {
	limit, burst := rate.Inf, max(o.Rate.Burst, 1)
	if o.Rate.PerSecond > 0 {
		limit = rate.Limit(o.Rate.PerSecond)
	}
	return &gate{
		clock:    o.Clock,
		slots:    make(chan struct{}, o.MaxInFlight),
		limiter:  rate.NewLimiter(limit, burst),
		breaker:  breaker{limit: o.Breaker.Failures, pause: o.Breaker.Pause},
		refusals: breaker{limit: refusalLimit, pause: refusalPause},
	}
}

// enter waits until a request may begin, or fails at once when it may not.
// Every enter without an error is followed by one leave.
func (g *gate) enter(ctx context.Context, op string) error {
	if err := g.closed(op); err != nil {
		return err
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		return interrupted(ctx, op)
	}
	err := g.await(ctx, op)
	if err == nil {
		// Somebody may have met a 429 while we waited.
		err = g.claim(op)
	}
	if err != nil {
		<-g.slots
	}
	return err
}

// leave tells how the request ended: whether there was an answer, and what it
// said of our credentials.
func (g *gate) leave(answered, credentials outcome) {
	now := g.clock.Now()
	g.breaker.record(now, answered)
	g.refusals.record(now, credentials)
	<-g.slots
}

// pass lets one request through the gate that was waited for before. The zero
// pointer lets none.
type pass struct {
	gate *gate
	used bool
}

// obtain waits until a request may begin, which then goes with the pass.
func (g *gate) obtain(ctx context.Context, op string) (*pass, error) {
	if err := g.enter(ctx, op); err != nil {
		return nil, err
	}
	return &pass{gate: g}, nil
}

// use reports whether the pass is there and was not used yet.
func (p *pass) use() bool {
	if p == nil || p.used {
		return false
	}
	p.used = true
	return true
}

// release leaves the gate when no request went with the pass.
func (p *pass) release() {
	if p.use() {
		p.gate.leave(abandoned, abandoned)
	}
}

// pause stops all requests for the time.
func (g *gate) pause(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := g.clock.Now().Add(d); until.After(g.pausedUntil) {
		g.pausedUntil = until
	}
}

// closed says why no request may begin now.
func (g *gate) closed(op string) error {
	now := g.clock.Now()
	g.mu.Lock()
	left := g.pausedUntil.Sub(now)
	g.mu.Unlock()
	if left > 0 {
		return waitError(directory.KindRateLimited, op, "the service provider asked to wait", left)
	}
	if left := g.breaker.blocked(now); left > 0 {
		return outOfReach(op, left)
	}
	if left := g.refusals.blocked(now); left > 0 {
		return refusedBefore(op, left)
	}
	return nil
}

// claim is closed, and takes the probes of breakers whose pause is over.
func (g *gate) claim(op string) error {
	if err := g.closed(op); err != nil {
		return err
	}
	now := g.clock.Now()
	if left := g.breaker.allow(now); left > 0 {
		return outOfReach(op, left)
	}
	if left := g.refusals.allow(now); left > 0 {
		g.breaker.record(now, abandoned)
		return refusedBefore(op, left)
	}
	return nil
}

func outOfReach(op string, left time.Duration) error {
	return waitError(directory.KindUnavailable, op, "the service provider could not be reached several times in a row, it is tried again in a while", left)
}

func refusedBefore(op string, left time.Duration) error {
	return waitError(directory.KindCredentials, op, "the service provider refused the credentials several times in a row, it is asked again in a while", left)
}

// await waits for the configured rate.
func (g *gate) await(ctx context.Context, op string) error {
	now := g.clock.Now()
	reservation := g.limiter.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay <= 0 {
		return nil
	}
	timer := g.clock.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		reservation.CancelAt(g.clock.Now())
		return interrupted(ctx, op)
	}
}
