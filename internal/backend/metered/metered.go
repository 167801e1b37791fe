package metered

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// succeeded is the outcome of a call without an error; the others are the kinds
// of errors.
const succeeded = "Succeeded"

// Meter has the metric. Make it with [NewMeter].
type Meter struct {
	clock    clock.PassiveClock
	duration *prometheus.HistogramVec
}

// NewMeter registers the metric rollcall_backend_request_duration_seconds.
func NewMeter(r prometheus.Registerer, c clock.PassiveClock) (*Meter, error) {
	if r == nil || c == nil {
		return nil, errors.New("measure backends: a registerer and a clock are required")
	}
	m := &Meter{clock: c, duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rollcall_backend_request_duration_seconds",
		Help: "How long a backend took, by its type, the operation, and Succeeded or the kind of the error.",
		// From a row in a database on this machine to an API that asks to slow down.
		Buckets: []float64{.001, .0025, .01, .025, .1, .25, 1, 2.5, 10, 30},
	}, []string{"backend", "operation", "outcome"})}
	if err := r.Register(m.duration); err != nil {
		return nil, fmt.Errorf("register the metrics of backends: %w", err)
	}
	return m, nil
}

// Backend returns the backend, measured under the name of its type. It has the
// abilities [directory.Inviter] and [directory.AddressChanger] if and only if
// the backend has them. Observers are called with what came of every call that
// is measured, nil included, before it returns.
func (m *Meter) Backend(kind string, b directory.Backend, observers ...func(error)) directory.Backend {
	measured := backend{Backend: b, meter: measure{m, kind, &observers}}
	inviting, invites := b.(directory.Inviter)
	changing, changes := b.(directory.AddressChanger)
	i, c := inviter{inviting, measured.meter}, changer{changing, measured.meter}
	switch {
	case invites && changes:
		return struct {
			backend
			inviter
			changer
		}{measured, i, c}
	case invites:
		return struct {
			backend
			inviter
		}{measured, i}
	case changes:
		return struct {
			backend
			changer
		}{measured, c}
	default:
		return measured
	}
}

// measure observes the calls of one backend. It can be compared, so that a
// backend that is measured can be.
type measure struct {
	*Meter

	kind      string
	observers *[]func(error)
}

// done observes a call that began at the given time, and returns its error.
func (m measure) done(operation string, began time.Time, err error) error {
	outcome := succeeded
	if err != nil {
		outcome = string(directory.KindOf(err))
	}
	m.duration.WithLabelValues(m.kind, operation, outcome).Observe(m.clock.Since(began).Seconds())
	for _, observe := range *m.observers {
		observe(err)
	}
	return err
}

// inviter measures a native one.
type inviter struct {
	of    directory.Inviter
	meter measure
}

// Invite implements [directory.Inviter].
func (i inviter) Invite(ctx context.Context, r directory.InvitationRequest) (directory.Invitation, error) {
	began := i.meter.clock.Now()
	got, err := i.of.Invite(ctx, r)
	return got, i.meter.done("Invite", began, err)
}

// Invitation implements [directory.Inviter].
func (i inviter) Invitation(ctx context.Context, org directory.OrganizationID, address string) (directory.Invitation, error) {
	began := i.meter.clock.Now()
	got, err := i.of.Invitation(ctx, org, address)
	return got, i.meter.done("Invitation", began, err)
}

// Close implements [directory.Inviter].
func (i inviter) Close(ctx context.Context, org directory.OrganizationID, address string) error {
	began := i.meter.clock.Now()
	return i.meter.done("Close", began, i.of.Close(ctx, org, address))
}

type changer struct {
	of    directory.AddressChanger
	meter measure
}

// ChangeAddress implements [directory.AddressChanger].
func (c changer) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	began := c.meter.clock.Now()
	return c.meter.done("ChangeAddress", began, c.of.ChangeAddress(ctx, org, from, to))
}
