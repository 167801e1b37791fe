package directorytest

import (
	"cmp"
	"context"
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Run checks the backend against the contract, one subtest per rule. Each
// subtest asks newFixture for a fixture whose organizations do not exist yet;
// what has to be cleaned up, newFixture leaves to t.Cleanup.
//
// What the backend says that it cannot do is not asked of it; that it then
// refuses, and changes nothing, is.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			if err := f.validate(); err != nil {
				t.Fatal(err)
			}
			if !c.applies(f, f.can()) {
				t.Skip("the backend cannot do this, or the fixture has no hook for it")
			}
			if err := c.against(t.Context(), f); err != nil {
				t.Errorf("%s\n%v", c.rule, err)
			}
		})
	}
}

// check is one rule of the contract. It is a function that returns an error,
// not one that is given a testing.T, so that the suite itself can be tested.
type check struct {
	name string
	// rule is the sentence of the contract that a failure contradicts.
	rule string
	// needs says what the backend and the fixture must offer; nil is nothing.
	needs need
	run   func(*scene)
}

func (c check) applies(f Fixture, can directory.Capabilities) bool {
	return c.needs == nil || c.needs(f, can)
}

// against runs the check in an organization that does not exist yet.
func (c check) against(ctx context.Context, f Fixture) error {
	s := newScene(ctx, f)
	c.run(s)
	return s.err
}

func checks() []check {
	var all []check
	for _, group := range []struct {
		name   string
		checks []check
	}{
		{"backend", backendChecks()},
		{"organization", organizationChecks()},
		{"unit", unitChecks()},
		{"role", roleChecks()},
		{"member", memberChecks()},
		{"state", stateChecks()},
		{"access", accessChecks()},
		{"removal", removalChecks()},
		{"address", addressChecks()},
		{"adoption", adoptionChecks()},
		{"key", keyChecks()},
		{"quota", quotaChecks()},
		{"listing", listingChecks()},
		{"isolation", isolationChecks()},
		{"text", textChecks()},
		{"concurrency", concurrencyChecks()},
	} {
		for _, c := range group.checks {
			c.name = fmt.Sprintf("%s/%s", group.name, c.name)
			all = append(all, c)
		}
	}
	return all
}

// newScene is about an organization that does not exist yet.
func newScene(ctx context.Context, f Fixture) *scene {
	org := directory.OrganizationID(cmp.Or(f.Namespace, "conformance") + "/one")
	return &scene{ctx: ctx, f: f, can: f.can(), org: org}
}

// can returns what the backend says that it can do; nothing when it does not say.
func (f Fixture) can() directory.Capabilities {
	c, err := f.Backend.Capabilities(context.Background())
	if err != nil {
		return directory.Capabilities{}
	}
	return c
}
