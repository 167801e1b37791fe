package metered_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/metered"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
)

func newClock() *testingclock.FakePassiveClock {
	return testingclock.NewFakePassiveClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
}

func newMemory(t testing.TB) *directorytest.Memory {
	t.Helper()
	m, err := directorytest.NewMemory(directorytest.MemoryOptions{Clock: newClock(), PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newMeter(t testing.TB, r prometheus.Registerer) *metered.Meter {
	t.Helper()
	meter, err := metered.NewMeter(r, newClock())
	if err != nil {
		t.Fatal(err)
	}
	return meter
}

func TestBY11_AMeasuredBackendPassesTheSuite(t *testing.T) {
	meter := newMeter(t, prometheus.NewPedanticRegistry())
	directorytest.Run(t, func(t *testing.T) directorytest.Fixture {
		m := newMemory(t)
		return directorytest.Fixture{
			Backend:  meter.Backend("Memory", m),
			Activate: m.Activate,
			Writes:   func() int64 { return int64(len(m.Writes())) },
			Hide: func(_ context.Context, org directory.OrganizationID, address string) error {
				return m.Omit(org, address)
			},
			Plant: m.Plant, Foreign: m.Foreign, Meddle: m.Meddle, Duplicate: m.Duplicate, Quota: m.Limit, Expire: m.Expire,
		}
	})
}

// bare has no optional ability; native and changing have one each.
type (
	bare   struct{ directory.Backend }
	native struct {
		bare
		directory.Inviter
	}
	changing struct {
		bare
		directory.AddressChanger
	}
	both struct {
		native
		directory.AddressChanger
	}
)

// abilities are those that callers look for in a backend.
func abilities(b directory.Backend) []string {
	var found []string
	for _, ability := range []reflect.Type{
		reflect.TypeFor[directory.Inviter](), reflect.TypeFor[directory.Linker](), reflect.TypeFor[directory.Reminder](),
		reflect.TypeFor[directory.AddressChanger](),
	} {
		if reflect.TypeOf(b).Implements(ability) {
			found = append(found, ability.Name())
		}
	}
	return found
}

// One that gains an ability which is lost here fails; internal/app tries the
// backends of the product.
func TestBackend_KeepsAbilities(t *testing.T) {
	meter := newMeter(t, prometheus.NewPedanticRegistry())
	for name, b := range map[string]directory.Backend{
		"none": bare{}, "inviting": native{}, "changing": changing{}, "both": both{},
		"memory": newMemory(t),
	} {
		if diff := cmp.Diff(abilities(b), abilities(meter.Backend("Test", b))); diff != "" {
			t.Errorf("%s (-is +measured):\n%s", name, diff)
		}
	}
}

func TestBackend_MeasuresByOutcome(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	b := newMeter(t, registry).Backend("Memory", newMemory(t))
	ctx := t.Context()
	org := directory.Organization{ID: "team/clinic", DisplayName: "Clinic"}
	if err := b.ApplyOrganization(ctx, org); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Capabilities(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Member(ctx, org.ID, "ada@example.com"); !directory.IsKind(err, directory.KindNotFound) {
		t.Fatalf("nobody is there: %v", err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			line := family.GetName()
			for _, label := range metric.GetLabel() {
				line += " " + label.GetValue()
			}
			got = append(got, line)
		}
	}
	slices.Sort(got)
	const name = "rollcall_backend_request_duration_seconds"
	want := []string{name + " Memory ApplyOrganization Succeeded", name + " Memory Capabilities Succeeded", name + " Memory Member NotFound"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewMeter_NeedsEverything(t *testing.T) {
	if _, err := metered.NewMeter(nil, newClock()); err == nil {
		t.Error("it takes no registerer")
	}
	if _, err := metered.NewMeter(prometheus.NewRegistry(), nil); err == nil {
		t.Error("it takes no clock")
	}
}

// Whoever observes is told what came of every call.
func TestBackend_TellsObservers(t *testing.T) {
	var kinds []directory.Kind
	observe := func(err error) { kinds = append(kinds, directory.KindOf(err)) }
	b := newMeter(t, prometheus.NewPedanticRegistry()).Backend("Memory", newMemory(t), observe)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Capabilities(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _ = b.Member(t.Context(), "team/clinic", "ada@example.com")
	if diff := cmp.Diff([]directory.Kind{"", "", directory.KindNotFound}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
