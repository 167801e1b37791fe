package directorytest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Fixture is a backend to be checked, with the hooks that the suite needs to
// play the parts of people.
type Fixture struct {
	// Backend is what is checked. Required.
	Backend directory.Backend
	// Activate makes the member active as if the person had accepted an
	// invitation and given or confirmed this name. Required.
	Activate func(ctx context.Context, org directory.OrganizationID, address, confirmedName string) error
	// Writes counts the writes that the backend has made so far. Without it the
	// suite cannot tell whether a repeated call is quiet, only that it changes
	// nothing that can be observed. Optional.
	Writes func() int64
	// Hide makes listings leave the member out in the way that this backend's
	// listings can be incomplete, if they can. Optional.
	Hide func(ctx context.Context, org directory.OrganizationID, address string) error
	// Namespace is the first part of the ids of the organizations that the suite
	// creates; it keeps runs against one shared server apart. The default is
	// "conformance".
	Namespace string
}

func (f Fixture) validate() error {
	if f.Backend == nil || f.Activate == nil {
		return errors.New("a fixture needs a Backend and an Activate hook")
	}
	return nil
}

// Run checks the backend against the contract, one subtest per rule. Each
// subtest asks newFixture for a fixture whose organizations do not exist yet;
// what has to be cleaned up, newFixture leaves to t.Cleanup.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			if err := f.validate(); err != nil {
				t.Fatal(err)
			}
			if !c.applies(f) {
				t.Skip("the backend says that it cannot do this")
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
	// needs says what a fixture must offer; nil is nothing.
	needs func(Fixture) bool
	run   func(*scene)
}

func (c check) applies(f Fixture) bool { return c.needs == nil || c.needs(f) }

// against runs the check in an organization that does not exist yet.
func (c check) against(ctx context.Context, f Fixture) error {
	org := directory.OrganizationID(cmp.Or(f.Namespace, "conformance") + "/one")
	s := &scene{ctx: ctx, f: f, org: org}
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

// can returns what the backend says that it can do; nothing when it does not say.
func (f Fixture) can() directory.Capabilities {
	c, err := f.Backend.Capabilities(context.Background())
	if err != nil {
		return directory.Capabilities{}
	}
	return c
}

func needsUnits(f Fixture) bool { return f.can().Units }
func needsRoles(f Fixture) bool { return f.can().Roles }
func needsBoth(f Fixture) bool  { return needsUnits(f) && needsRoles(f) }
