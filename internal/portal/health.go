package portal

import (
	"context"
	"net/http"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// readinessKept is how long an answer of the health check is given again:
// the check costs work, and anybody may ask.
const readinessKept = time.Second

// readiness asks the health check, not too often.
type readiness struct {
	check func(context.Context) error
	clock clock.PassiveClock

	mu    sync.Mutex
	asked time.Time
	err   error
}

func (r *readiness) ask(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked.IsZero() && r.clock.Since(r.asked) < readinessKept {
		return r.err
	}
	// One caller's going away must not become everybody's answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), handlingMax/4)
	defer cancel()
	r.err = r.check(ctx)
	r.asked = r.clock.Now()
	return r.err
}

// showHealth says that the process runs.
func (p *portal) showHealth(w http.ResponseWriter, r *http.Request) {
	p.write(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// showReadiness says whether people can be served; why not is in the log.
func (p *portal) showReadiness(w http.ResponseWriter, r *http.Request) {
	if err := p.ready.ask(r.Context()); err != nil {
		p.log.Error(err, "portal is not ready")
		p.write(w, r, http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("unavailable\n"))
		return
	}
	p.write(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}
