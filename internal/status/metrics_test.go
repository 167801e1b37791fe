package status_test

import (
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/rollcall-dev/rollcall/internal/phase"
)

// failures is how often looks at a budget failed for a reason; -1 when that is
// not told at all.
func failures(t *testing.T, reason string) int {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "rollcall_reconcile_failures_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			if labels["kind"] == "PodDisruptionBudget" && labels["reason"] == reason {
				return int(metric.GetCounter().GetValue())
			}
		}
	}
	return -1
}

func TestFinish_CountsFailuresByReason(t *testing.T) {
	w := newWorld(t)
	if got := failures(t, "ProgressingWithRetry"); got < 0 {
		t.Error("a failure is not told before it is the first: its rise would be missed")
	}
	const reason = "BackendDenied"
	before := max(failures(t, reason), 0)
	w.finished(steps(done(), phase.Failed(errBroken, time.Minute, reason, "It does not answer; it is tried again.")))
	if got := failures(t, reason); got != before+1 {
		t.Errorf("%d failures, want one more than %d", got, before)
	}
	w.finished(steps(done(), phase.Waiting(reason, "It waits.")))
	w.finished(steps(done(), phase.Stalled(reason, "It is stuck.")))
	if got := failures(t, reason); got != before+1 {
		t.Errorf("%d failures, want one more than before: to wait and to be stuck are none", got)
	}
}
