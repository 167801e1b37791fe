package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// handlingMax is how long a page may take to be made; the server's own time for
// writing it is longer, so that whoever waits gets a page and not a broken
// connection.
const handlingMax = 20 * time.Second

// unmatched is what requests for no page are called.
const unmatched = "unmatched"

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_portal_requests_total",
			Help: "Requests that the portal answered, by route pattern and HTTP status.",
		}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "rollcall_portal_request_duration_seconds",
			Help: "How long the portal took to answer, by route pattern.",
			// The hash of a password takes tens of milliseconds by design.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
	}
	for _, collector := range []prometheus.Collector{m.requests, m.duration} {
		if err := registerer.Register(collector); err != nil {
			return nil, fmt.Errorf("register the portal's metrics: %w", err)
		}
	}
	return m, nil
}

// observe measures and logs every request by its route's pattern, which holds
// no token, bounds how long it may take, and turns a panic into a page.
func (p *portal) observe(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := p.clock.Now()
		route := routeOf(mux, r)
		ctx, cancel := context.WithTimeout(r.Context(), handlingMax)
		defer cancel()
		r = r.WithContext(withRoute(ctx, route))
		recorder := &statusRecorder{ResponseWriter: w}
		p.serveSafely(recorder, r, next)

		took := p.clock.Since(start)
		p.metrics.requests.WithLabelValues(route, strconv.Itoa(recorder.status)).Inc()
		p.metrics.duration.WithLabelValues(route).Observe(took.Seconds())
		log := p.log.WithValues("route", route, "status", recorder.status, "duration", took.String())
		if debug := log.V(1); debug.Enabled() {
			debug.Info("request", "client", p.proxies.client(r).String())
		} else if !isProbe(r) {
			log.Info("request")
		}
	})
}

// routeOf returns the pattern that will serve the request.
func routeOf(mux *http.ServeMux, r *http.Request) string {
	if _, pattern := mux.Handler(r); pattern != "" && pattern != "/" {
		return pattern
	}
	return unmatched
}

// serveSafely answers a panic with the page for faults. What was thrown is
// logged only when the runtime threw it: anything else could quote its input.
func (p *portal) serveSafely(w *statusRecorder, r *http.Request, next http.Handler) {
	defer func() {
		thrown := recover()
		if thrown == nil {
			return
		}
		err, ok := thrown.(error)
		if ok && errors.Is(err, http.ErrAbortHandler) {
			panic(thrown)
		}
		var fault runtime.Error
		if !ok || !errors.As(err, &fault) {
			err = fmt.Errorf("panic with a %T", thrown)
		}
		p.log.Error(err, "portal page panicked", "route", routeFrom(r.Context()), "stack", string(debug.Stack()))
		if w.status == 0 {
			p.showNotice(w, r, ourFault())
		}
	}()
	next.ServeHTTP(w, r)
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

type routeKey struct{}

func withRoute(ctx context.Context, route string) context.Context {
	return context.WithValue(ctx, routeKey{}, route)
}

func routeFrom(ctx context.Context) string {
	route, ok := ctx.Value(routeKey{}).(string)
	if !ok {
		return unmatched
	}
	return route
}

// statusRecorder remembers the status; 0 means that nothing was written yet.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (s *statusRecorder) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (s *statusRecorder) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }
