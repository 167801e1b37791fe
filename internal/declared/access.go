package declared

import (
	"cmp"
	"slices"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Access is what is declared about roles and units. Both lists are sorted sets.
type Access struct {
	// Grants is nil when spec.roles is omitted: not managed. An empty list means none.
	Grants []directory.Grant
	// Units is nil when spec.businessUnits is omitted: not managed. An empty list
	// means none.
	Units []string
}

// AccessOf returns what a spec says about roles and units.
func AccessOf(spec *v1alpha1.UserSpec) Access {
	var a Access
	if spec.Roles != nil {
		a.Grants = make([]directory.Grant, 0, len(spec.Roles))
		for _, g := range spec.Roles {
			a.Grants = append(a.Grants, directory.Grant{Role: g.Name, Unit: g.BusinessUnit})
		}
		a.Grants = slices.Compact(sortedGrants(a.Grants))
	}
	if spec.BusinessUnits != nil {
		a.Units = make([]string, 0, len(spec.BusinessUnits))
		a.Units = slices.Compact(sortedUnits(append(a.Units, spec.BusinessUnits...)))
	}
	return a
}

// Over returns the whole access that is to be applied to somebody who has the
// observed one: what is not managed stays. It is normal; see [Normal].
func (a Access) Over(observed directory.Access) directory.Access {
	wanted := observed
	if a.Grants != nil {
		wanted.Grants = a.Grants
	}
	if a.Units != nil {
		wanted.Units = a.Units
	}
	return Normal(wanted)
}

// Normal returns a sorted copy without repetitions, so that two equal sets are
// equal lists.
func Normal(a directory.Access) directory.Access {
	return directory.Access{
		Grants: slices.Compact(sortedGrants(slices.Clone(a.Grants))),
		Units:  slices.Compact(sortedUnits(slices.Clone(a.Units))),
	}
}

// SameAccess reports whether two are the same sets.
func SameAccess(a, b directory.Access) bool {
	a, b = Normal(a), Normal(b)
	return slices.Equal(a.Grants, b.Grants) && slices.Equal(a.Units, b.Units)
}

// sortedGrants sorts in place.
func sortedGrants(grants []directory.Grant) []directory.Grant {
	slices.SortFunc(grants, func(x, y directory.Grant) int {
		return cmp.Or(cmp.Compare(x.Role, y.Role), cmp.Compare(x.Unit, y.Unit))
	})
	return grants
}

// sortedUnits sorts in place.
func sortedUnits(units []string) []string {
	slices.Sort(units)
	return units
}
