package alarm

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Rail is one of the rails.
type Rail string

const (
	// Removals stops a wave of removals.
	Removals Rail = "removals"
	// Invitations stops a surge of mail.
	Invitations Rail = "invitations"
	// LastAdministrator keeps the last administrators.
	LastAdministrator Rail = "last-administrator"
	// ProtectedMember keeps people who are protected.
	ProtectedMember Rail = "protected-member"
)

// Alarm has the metric rollcall_rails_tripped_total. Make it with [New].
type Alarm struct{ tripped *prometheus.CounterVec }

// New registers the metric. It has no label that grows with organizations: a
// status tells which one it is.
func New(r prometheus.Registerer) (*Alarm, error) {
	if r == nil {
		return nil, errors.New("make the alarm of rails: no registerer for metrics")
	}
	a := &Alarm{tripped: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rollcall_rails_tripped_total",
		Help: "How often a rail stopped something until somebody approves it, by rail.",
	}, []string{"rail"})}
	for _, rail := range []Rail{Removals, Invitations, LastAdministrator, ProtectedMember} {
		a.tripped.WithLabelValues(string(rail))
	}
	if err := r.Register(a.tripped); err != nil {
		return nil, fmt.Errorf("register the metrics of rails: %w", err)
	}
	return a, nil
}

// Tripped counts once more.
func (a *Alarm) Tripped(rail Rail) { a.tripped.WithLabelValues(string(rail)).Inc() }
