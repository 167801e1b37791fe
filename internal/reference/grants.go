package reference

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// Grants is what an object declares about roles and units, for one person or
// for many.
type Grants struct {
	Namespace    string
	Organization v1alpha1.LocalReference
	// Field is where the roles stand, such as spec.roles, for messages.
	Field string
	Roles []v1alpha1.RoleGrant
	// Units are all units that are named, those of roles included.
	Units []string
}

// Found are the objects that [Grants] name, by name.
type Found struct {
	Roles map[string]*v1alpha1.Role
	Units map[string]*v1alpha1.BusinessUnit
}

// Find gets what is named, and checks that every role is granted where its
// level allows. The answer is Done, or what to say instead.
func (g Grants) Find(ctx context.Context, r client.Reader) (Found, phase.Answer) {
	found := Found{Roles: map[string]*v1alpha1.Role{}, Units: map[string]*v1alpha1.BusinessUnit{}}
	if a := g.findUnits(ctx, r, found.Units); a.Word != phase.WordDone {
		return found, a
	}
	if a := g.findRoles(ctx, r, found.Roles); a.Word != phase.WordDone {
		return found, a
	}
	return found, g.levels(found.Roles)
}

func (g Grants) findUnits(ctx context.Context, r client.Reader, into map[string]*v1alpha1.BusinessUnit) phase.Answer {
	found := Several{Kind: "BusinessUnit"}
	for _, name := range g.Units {
		unit := &v1alpha1.BusinessUnit{}
		a := found.Get(ctx, r, client.ObjectKey{Namespace: g.Namespace, Name: name}, unit)
		if a.Word != phase.WordDone {
			return a
		}
		found.Check(name, unit.Spec.OrganizationRef, g.Organization, unit.Status.Conditions)
		into[name] = unit
	}
	return found.Answer()
}

func (g Grants) findRoles(ctx context.Context, r client.Reader, into map[string]*v1alpha1.Role) phase.Answer {
	found := Several{Kind: "Role"}
	for _, grant := range g.Roles {
		role := &v1alpha1.Role{}
		a := found.Get(ctx, r, client.ObjectKey{Namespace: g.Namespace, Name: grant.Name}, role)
		if a.Word != phase.WordDone {
			return a
		}
		found.Check(grant.Name, role.Spec.OrganizationRef, g.Organization, role.Status.Conditions)
		into[grant.Name] = role
	}
	return found.Answer()
}

func (g Grants) levels(roles map[string]*v1alpha1.Role) phase.Answer {
	for i, grant := range g.Roles {
		within := roles[grant.Name].Spec.Level == v1alpha1.RoleLevelBusinessUnit
		switch {
		case within && grant.BusinessUnit == "":
			return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"%s[%d]: Role %q is of level BusinessUnit; say in which with businessUnit.", g.Field, i, grant.Name))
		case !within && grant.BusinessUnit != "":
			return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"%s[%d]: Role %q is of level Organization; leave businessUnit out.", g.Field, i, grant.Name))
		}
	}
	return phase.Done("", "")
}
