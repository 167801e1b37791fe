package alarm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
)

// Every rail is there from the start, so that an alert can rely on it.
func TestBY4_TrippedRailsAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	a, err := alarm.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	a.Tripped(alarm.Removals)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "rollcall_rails_tripped_total" {
		t.Fatalf("gathered %v, %v; want rollcall_rails_tripped_total", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetName()+"="+m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	want := map[string]float64{"rail=removals": 1, "rail=invitations": 0, "rail=last-administrator": 0, "rail=protected-member": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the metric (-want +got):\n%s", diff)
	}
}

func TestNew_Refuses(t *testing.T) {
	registry := prometheus.NewRegistry()
	for range 2 {
		if _, err := alarm.New(registry); err != nil {
			return
		}
	}
	t.Error("no error when the metric is registered twice")
}

func TestNew_NeedsARegisterer(t *testing.T) {
	if _, err := alarm.New(nil); err == nil {
		t.Error("no error without a registerer")
	}
}
