package status

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// unwritten is the reason of a status that could not be written.
const unwritten = "StatusNotWritten"

// failuresOf returns the counter of failures of all kinds, which is
// registered with the metrics of controller-runtime by whoever comes first.
func failuresOf(kind string) (*prometheus.CounterVec, error) {
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rollcall_reconcile_failures_total",
		Help: "Looks at an object that failed and are tried again, by kind and by the reason in its conditions.",
	}, []string{"kind", "reason"})
	err := metrics.Registry.Register(failures)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		known, ok := there.ExistingCollector.(*prometheus.CounterVec)
		if !ok {
			return nil, fmt.Errorf("status: the metric of failures is a %T", there.ExistingCollector)
		}
		failures, err = known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("status: register the metric of failures: %w", err)
	}
	// So that the very first failure is a rise.
	for _, reason := range []string{progressingWithRetry, unwritten} {
		failures.WithLabelValues(kind, reason)
	}
	return failures, nil
}

// kindName is the name of T's type: our kinds are named by theirs.
func kindName[T any]() string { return reflect.TypeFor[T]().Elem().Name() }
