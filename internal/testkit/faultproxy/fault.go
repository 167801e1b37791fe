package faultproxy

import (
	"net/http"

	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// statuses are those of the faults that only have one, and no part of the
// server's reply.
func statuses() map[wirefault.Fault]int {
	return map[wirefault.Fault]int{
		wirefault.Conflict: http.StatusConflict, wirefault.Precondition: http.StatusPreconditionFailed,
		wirefault.RateLimited: http.StatusTooManyRequests, wirefault.Unauthorized: http.StatusUnauthorized,
		wirefault.Internal: http.StatusInternalServerError, wirefault.BadGateway: http.StatusBadGateway,
		wirefault.Unavailable: http.StatusServiceUnavailable, wirefault.GatewayTimeout: http.StatusGatewayTimeout,
	}
}

// fail is for the faults that wait for nothing.
func (p *Proxy) fail(f wirefault.Fault, w http.ResponseWriter, r *http.Request, body []byte) {
	switch f {
	case wirefault.LostReply:
		p.forward(r.Context(), r, body)
		cut(w)
	case wirefault.Truncated:
		whole := p.forward(r.Context(), r, body)
		whole.body = whole.body[:len(whole.body)/2]
		whole.write(w)
	case wirefault.Garbage:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>\n"))
	case wirefault.GatewayTimeout:
		p.forward(r.Context(), r, body)
		answer(f, w)
	default:
		answer(f, w)
	}
}

func answer(f wirefault.Fault, w http.ResponseWriter) {
	status, known := statuses()[f]
	if !known {
		// A test that asks for what there is not must not pass.
		status = http.StatusTeapot
	}
	if f == wirefault.RateLimited || f == wirefault.Unavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(http.StatusText(status) + "\n"))
}
