package tally

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const (
	// fresh is how long a count is told again.
	fresh = 15 * time.Second
	// patience is how long a scrape waits for the database; Prometheus itself
	// gives up after ten seconds.
	patience = 5 * time.Second
)

// Ledger is what is counted. The ledger is one.
type Ledger interface {
	Statistics(ctx context.Context, ages []time.Duration) (ledger.Statistics, error)
}

// Options of [New]. All are required.
type Options struct {
	Ledger     Ledger
	Clock      clock.PassiveClock
	Log        logr.Logger
	Registerer prometheus.Registerer
}

// New registers the metrics, which are counted when they are asked for.
func New(o Options) error {
	if o.Ledger == nil || o.Clock == nil || o.Registerer == nil || o.Log.GetSink() == nil {
		return errors.New("count what the ledger holds: Ledger, Clock, Log and Registerer are required")
	}
	c := &tally{Options: o, descriptions: describe(), failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "rollcall_ledger_statistics_failures_total",
		Help: "How often the database did not tell how many invitations and mails there are.",
	})}
	if err := o.Registerer.Register(c); err != nil {
		return fmt.Errorf("register the metrics of the ledger: %w", err)
	}
	return nil
}

// ages are the bounds of the histogram of pending invitations.
func ages() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{time.Hour, 6 * time.Hour, day, 3 * day, 7 * day, 14 * day, 30 * day}
}

type descriptions struct{ invitations, ages, deliveries, delay, held *prometheus.Desc }

func describe() descriptions {
	one := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return descriptions{
		invitations: one("rollcall_invitations", "Invitations that were ever issued, by the state they are in.", "state"),
		ages:        one("rollcall_invitations_pending_age_seconds", "How long ago the invitations that are pending were issued."),
		deliveries: one("rollcall_mail_deliveries_open",
			"Mails that are not sent: Queued, Claimed, Held by a rail, or of an Unknown fate while the invitation is pending.", "state"),
		delay: one("rollcall_mail_queue_delay_seconds", "For how long the mail that is due longest has been due."),
		held:  one("rollcall_organizations_removals_held", "Organizations whose removals are stopped until somebody approves them."),
	}
}

// tally implements [prometheus.Collector].
type tally struct {
	Options
	descriptions

	failures prometheus.Counter

	mu      sync.Mutex
	counted time.Time
	last    *ledger.Statistics
}

// Describe implements [prometheus.Collector].
func (c *tally) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.invitations, c.ages, c.deliveries, c.delay, c.held} {
		out <- d
	}
	c.failures.Describe(out)
}

// Collect implements [prometheus.Collector].
func (c *tally) Collect(out chan<- prometheus.Metric) {
	s := c.statistics()
	c.failures.Collect(out)
	if s == nil {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	pending := uint64(0)
	for state, n := range s.Invitations {
		gauge(c.invitations, float64(n), string(state))
		if state == directory.InvitationPending {
			pending = uint64(max(n, 0))
		}
	}
	for state, n := range s.Deliveries {
		gauge(c.deliveries, float64(n), string(state))
	}
	gauge(c.delay, s.Delay.Seconds())
	gauge(c.held, float64(s.RemovalsHeld))
	buckets := map[float64]uint64{}
	for age, n := range s.Ages {
		buckets[age.Seconds()] = uint64(max(n, 0))
	}
	out <- prometheus.MustNewConstHistogram(c.descriptions.ages, pending, s.AgeSum.Seconds(), buckets)
}

// statistics returns a fresh count; nil when there is none to be had. A failure
// is told as long as a count is, so that a database in trouble is left alone.
func (c *tally) statistics() *ledger.Statistics {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.counted.IsZero() && c.Clock.Since(c.counted) < fresh {
		return c.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.counted, c.last = c.Clock.Now(), nil
	s, err := c.Ledger.Statistics(ctx, ages())
	if err != nil {
		c.failures.Inc()
		c.Log.Error(err, "count what the ledger holds")
		return nil
	}
	c.last = &s
	return c.last
}
