package mail

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// metrics have no label that grows with organizations or servers.
type metrics struct {
	deliveries *prometheus.CounterVec
	duration   prometheus.Histogram
	unrecorded prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_mail_deliveries_total",
			Help: "Claimed mail deliveries that were finished, by result. Retry includes those handed back untried because their server was down.",
		}, []string{"result"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "rollcall_mail_attempt_duration_seconds",
			Help:    "How long an attempt to hand a mail to its server took.",
			Buckets: prometheus.ExponentialBuckets(0.005, 2.5, 11),
		}),
		unrecorded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_mail_unrecorded_outcomes_total",
			Help: "Outcomes that could not be written to the database before the claim ended. Each becomes an unknown delivery.",
		}),
	}
	for _, result := range []directory.DeliveryResult{
		directory.ResultSent, directory.ResultRejected, directory.ResultRetry, directory.ResultUnknown,
	} {
		m.deliveries.WithLabelValues(string(result))
	}
	for _, c := range []prometheus.Collector{m.deliveries, m.duration, m.unrecorded} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of mail: %w", err)
		}
	}
	return m, nil
}
