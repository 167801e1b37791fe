package directorytest

import (
	"context"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func newMemory(t testing.TB, o MemoryOptions) *Memory {
	t.Helper()
	o.Clock = testingclock.NewFakePassiveClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	if o.PageSize == 0 {
		o.PageSize = 4
	}
	m, err := NewMemory(o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fixtureOf(m *Memory) Fixture {
	return Fixture{
		Backend:  m,
		Activate: m.Activate,
		Writes:   func() int64 { return int64(len(m.Writes())) },
		Hide: func(_ context.Context, org directory.OrganizationID, address string) error {
			return m.Omit(org, address)
		},
		Plant:     m.Plant,
		Foreign:   m.Foreign,
		Meddle:    m.Meddle,
		Duplicate: m.Duplicate,
		Quota:     m.Limit,
		Expire:    m.Expire,
	}
}

func TestBY11_MemoryPassesTheSuite(t *testing.T) {
	for name, o := range map[string]MemoryOptions{
		"everything":    {},
		"no units":      {NoUnits: true},
		"no roles":      {NoRoles: true},
		"members":       {NoUnits: true, NoRoles: true},
		"one tenant":    {Tenancy: directory.TenancyOne, SignIn: directory.SignInElsewhere},
		"flat":          {NoNestedUnits: true, NoUnitGrants: true, NoPermissions: true},
		"one attribute": {Fields: []directory.ProfileField{directory.FieldDisplayName, "attributes.license"}},
		"no profile":    {Fields: []directory.ProfileField{}},
		"disable only":  {Removals: []directory.Removal{directory.RemovalDisable}},
		"delete only":   {Removals: []directory.Removal{directory.RemovalDelete}, EmptyPages: true},
		"little": {
			Tenancy: directory.TenancyOne, NoUnits: true, NoRoles: true, Fields: []directory.ProfileField{directory.FieldDisplayName},
			Removals: []directory.Removal{directory.RemovalDrop},
		},
	} {
		t.Run(name, func(t *testing.T) {
			Run(t, func(t *testing.T) Fixture { return fixtureOf(newMemory(t, o)) })
		})
	}
}

// TestSuiteNeedsNoCounter proves that a backend whose writes nobody can count
// is checked by what can be observed.
func TestSuiteNeedsNoCounter(t *testing.T) {
	Run(t, func(t *testing.T) Fixture {
		f := fixtureOf(newMemory(t, MemoryOptions{}))
		return Fixture{Backend: f.Backend, Activate: f.Activate, Namespace: "elsewhere"}
	})
}

func TestFixtureIsValidated(t *testing.T) {
	m := newMemory(t, MemoryOptions{})
	if err := (Fixture{Backend: m}).validate(); err == nil {
		t.Error("a fixture without Activate is accepted")
	}
	if err := (Fixture{Activate: m.Activate}).validate(); err == nil {
		t.Error("a fixture without a Backend is accepted")
	}
}

// TestSuiteFindsEveryFault runs each check against backends that break the
// contract in one way, and demands that the check meant for it notices.
func TestSuiteFindsEveryFault(t *testing.T) {
	byName := map[string]check{}
	for _, c := range checks() {
		if _, ok := byName[c.name]; ok {
			t.Errorf("two checks are called %q", c.name)
		}
		byName[c.name] = c
	}
	found, counted := map[string]bool{}, onlyCounted()
	for name, b := range brokenBackends() {
		c, ok := byName[b.check]
		if !ok {
			t.Fatalf("there is no check %q", b.check)
		}
		t.Run(name, func(t *testing.T) { findFault(t, c, b, true) })
		if !counted[name] {
			t.Run(name+" without counting", func(t *testing.T) { findFault(t, c, b, false) })
		}
		found[b.check] = true
	}
	for name := range byName {
		if !found[name] {
			t.Errorf("nothing proves that %s can fail", name)
		}
	}
}

func findFault(t *testing.T, c check, b broken, count bool) {
	m := newMemory(t, b.options)
	w := &twist{Backend: m, memory: m}
	b.bend(w)
	f := fixtureOf(m)
	f.Backend, f.Writes = w, nil
	if count {
		f.Writes = func() int64 { return int64(len(m.Writes())) + w.extraWrites.Load() }
	}
	if !c.applies(f, f.can()) {
		t.Fatalf("%s does not apply", c.name)
	}
	err := c.against(t.Context(), f)
	if err == nil {
		t.Fatalf("%s passes on a backend that breaks it: %s", c.name, c.rule)
	}
	t.Log(err)
}
