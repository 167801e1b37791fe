package directorytest

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

func remoteFixture(t testing.TB, o MemoryOptions) (Fixture, remote) {
	t.Helper()
	m := newMemory(t, o)
	r := remote{Memory: m, wire: &wire{}}
	f := fixtureOf(m)
	f.Backend, f.Wire = r, r.wire
	return f, r
}

func TestBY11_FaultsDoNotChangeTheEnd(t *testing.T) {
	for name, o := range map[string]MemoryOptions{
		"everything": {},
		"one tenant": {Tenancy: directory.TenancyOne},
		"little":     {Tenancy: directory.TenancyOne, NoUnits: true, NoRoles: true, Fields: []directory.ProfileField{directory.FieldDisplayName}},
	} {
		t.Run(name, func(t *testing.T) {
			RunFaults(t, func(t *testing.T) Fixture { f, _ := remoteFixture(t, o); return f })
		})
	}
}

func TestRunFaultsNeedsAWire(t *testing.T) {
	if _, err := wired(fixtureOf(newMemory(t, MemoryOptions{}))); err == nil {
		t.Error("a fixture without a wire is accepted")
	}
}

// TestMishapsAreAllOfThem counts: every fault at every request, and a pair each
// in which every fault is first and second once in so many requests.
func TestMishapsAreAllOfThem(t *testing.T) {
	faults := wirefault.All()
	r := rehearsal{steps: make([]string, len(faults))}
	single, first, second := map[mishap]bool{}, map[wirefault.Fault]bool{}, map[wirefault.Fault]bool{}
	for _, m := range r.allMishaps(share{of: 1}) {
		if m.second == "" {
			single[m] = true
			continue
		}
		first[m.first], second[m.second] = true, true
	}
	want := [3]int{len(faults) * len(faults), len(faults), len(faults)}
	if diff := cmp.Diff(want, [3]int{len(single), len(first), len(second)}); diff != "" {
		t.Errorf("single ones, faults that are first, faults that are second (-want +got):\n%s", diff)
	}
}

// TestSharesAreAllOfThem counts that shares have every play once between them, and
// each of them every request and every fault.
func TestSharesAreAllOfThem(t *testing.T) {
	const shares = 7
	r := rehearsal{steps: make([]string, 2*shares)}
	all := map[mishap]int{}
	for nth := range shares {
		faults, requests := map[wirefault.Fault]bool{}, map[int]bool{}
		for _, m := range r.allMishaps(share{of: shares, nth: nth}) {
			all[m]++
			faults[m.first], requests[m.request] = true, true
		}
		if len(faults) != len(wirefault.All()) || len(requests) != len(r.steps) {
			t.Errorf("share %d has %d faults and %d requests", nth, len(faults), len(requests))
		}
	}
	for _, m := range r.allMishaps(share{of: 1}) {
		if all[m] != 1 {
			t.Errorf("%s at request %d is played %d times", m.faults(), m.request, all[m])
		}
	}
}

func (r *rehearsal) allMishaps(part share) []mishap {
	var all []mishap
	for n := range r.steps {
		all = append(all, r.mishaps(n+1, part)...)
	}
	return all
}

// frail is a way to err that only a fault reveals, and the scenario and the
// fault that must.
type frail struct {
	scenario string
	fault    string
	bend     func(*twist, remote)
	options  MemoryOptions
}

// TestFaultsAreFound plays scenarios with backends that are right until
// something breaks, and demands that the fault meant for each tells.
func TestFaultsAreFound(t *testing.T) {
	byName := map[string]scenario{}
	for _, sc := range scenarios() {
		byName[sc.name] = sc
	}
	for name, b := range frailBackends() {
		t.Run(name, func(t *testing.T) {
			sc, ok := byName[b.scenario]
			if !ok {
				t.Fatalf("there is no scenario %q", b.scenario)
			}
			if err := findFrailty(t, sc, b); err == nil {
				t.Fatalf("%q passes at every request with %s", b.scenario, b.fault)
			} else {
				t.Log(err)
			}
		})
	}
}

// inARow is the fault of those that two in a row reveal.
const inARow = "two in a row"

// findFrailty plays the mishaps with one fault and returns what is found first.
func findFrailty(t *testing.T, sc scenario, b frail) error {
	t.Helper()
	made := func() Fixture {
		f, r := remoteFixture(t, b.options)
		w := &twist{Backend: r, memory: r.Memory}
		b.bend(w, r)
		f.Backend, f.Writes = w, nil
		return f
	}
	r, err := rehearse(t.Context(), made(), sc)
	if err != nil {
		t.Fatalf("without a fault: %v", err)
	}
	for _, m := range r.allMishaps(share{of: 1}) {
		if m.second == "" && string(m.first) != b.fault || m.second != "" && b.fault != inARow {
			continue
		}
		if err := r.perform(t.Context(), made(), m); err != nil {
			return fmt.Errorf("%s at request %d: %w", m.faults(), m.request, err)
		}
	}
	return nil
}

func TestAPlayEndsWhenTheBackendNeverRecovers(t *testing.T) {
	sc := scenarios()[1]
	f, _ := remoteFixture(t, MemoryOptions{})
	r, err := rehearse(t.Context(), f, sc)
	if err != nil {
		t.Fatal(err)
	}
	f, rem := remoteFixture(t, MemoryOptions{})
	w := &twist{Backend: rem, memory: rem.Memory}
	tries := 0
	w.applyMember = func(context.Context, directory.Member) (directory.ObservedMember, error) {
		tries++
		return directory.ObservedMember{}, directory.Errorf(directory.KindUnavailable, "apply", "never")
	}
	f.Backend = w
	err = r.perform(t.Context(), f, mishap{request: 1, first: wirefault.Refused})
	if !directory.IsKind(err, directory.KindUnavailable) || tries != patience {
		t.Errorf("after %d tries, want %d: %v", tries, patience, err)
	}
}
