package directorytest

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// need says whether a check is about this backend, and possible with this fixture.
type need func(Fixture, directory.Capabilities) bool

func needsUnits(_ Fixture, can directory.Capabilities) bool { return can.Units }

func needsNestedUnits(_ Fixture, can directory.Capabilities) bool {
	return can.Units && can.NestedUnits
}

func needsRoles(_ Fixture, can directory.Capabilities) bool { return can.Roles }

func needsBoth(_ Fixture, can directory.Capabilities) bool { return can.Units && can.Roles }

func needsEither(_ Fixture, can directory.Capabilities) bool { return can.Units || can.Roles }

func needsMany(_ Fixture, can directory.Capabilities) bool {
	return can.Tenancy == directory.TenancyMany
}

func needsOne(_ Fixture, can directory.Capabilities) bool {
	return can.Tenancy == directory.TenancyOne
}

func needsPlant(f Fixture, _ directory.Capabilities) bool { return f.Plant != nil }

// needsAway is for what is about members who are gone afterwards.
func needsAway(_ Fixture, can directory.Capabilities) bool { return away(can) != "" }

func needsDisable(_ Fixture, can directory.Capabilities) bool {
	return slices.Contains(can.Removals, directory.RemovalDisable)
}

// every is for checks that need several things.
func every(needs ...need) need {
	return func(f Fixture, can directory.Capabilities) bool {
		for _, n := range needs {
			if !n(f, can) {
				return false
			}
		}
		return true
	}
}

func not(n need) need {
	return func(f Fixture, can directory.Capabilities) bool { return !n(f, can) }
}

// away is how members go in checks that are about something else; a backend
// that lets nobody go is disabled by.
func (s *scene) away() directory.Removal {
	return cmp.Or(away(s.can), directory.RemovalDisable)
}

// away is the way in which a member leaves nothing behind; empty when there is none.
func away(can directory.Capabilities) directory.Removal {
	for _, how := range []directory.Removal{directory.RemovalDrop, directory.RemovalDelete} {
		if slices.Contains(can.Removals, how) {
			return how
		}
	}
	return ""
}
