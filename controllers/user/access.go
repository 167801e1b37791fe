package user

import (
	"cmp"
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// access gives the person exactly the declared roles and units. What the spec
// does not mention stays as the backend has it.
func (r *Reconciler) access(ctx context.Context, s *scope) phase.Answer {
	observed, wanted := normal(s.member.Access), s.wantedAccess()
	if !slices.Equal(observed.Grants, wanted.Grants) || !slices.Equal(observed.Units, wanted.Units) {
		if err := s.backend.ApplyAccess(ctx, s.id, s.address, wanted); err != nil {
			return verdict.Of(err)
		}
	}
	if !s.active() {
		return phase.Done(v1alpha1.ReasonDeferredUntilAccepted,
			"Roles and units are recorded, and hold from the moment the person accepts.")
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "Roles and units are as declared.")
}

func (s *scope) wantedAccess() directory.Access {
	wanted := directory.Access{Grants: s.member.Access.Grants, Units: s.member.Access.Units}
	if s.user.Spec.Roles != nil {
		wanted.Grants = nil
		for _, g := range s.user.Spec.Roles {
			wanted.Grants = append(wanted.Grants, directory.Grant{Role: g.Name, Unit: g.BusinessUnit})
		}
	}
	if s.user.Spec.BusinessUnits != nil {
		wanted.Units = s.user.Spec.BusinessUnits
	}
	return normal(wanted)
}

// normal makes two equal sets equal lists.
func normal(a directory.Access) directory.Access {
	grants := slices.SortedFunc(slices.Values(a.Grants), func(x, y directory.Grant) int {
		return cmp.Or(cmp.Compare(x.Role, y.Role), cmp.Compare(x.Unit, y.Unit))
	})
	return directory.Access{Grants: slices.Compact(grants), Units: slices.Compact(slices.Sorted(slices.Values(a.Units)))}
}
