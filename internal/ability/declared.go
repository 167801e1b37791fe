package ability

import (
	"slices"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Declared are the abilities of an IdentityBackend as far as its spec alone
// tells them; of the embedded backend, for nil. A service provider is taken to
// be able to do whatever its spec does not deny: nobody has asked it.
func Declared(named *v1alpha1.IdentityBackend) Abilities {
	a := Abilities{
		Capabilities: directory.Capabilities{
			Invitations: directory.InvitationsOurs, SignIn: directory.SignInHere, Tenancy: directory.TenancyMany,
			Units: true, NestedUnits: true, Roles: true, UnitGrants: true, Permissions: true, Fields: directory.AllFields(),
			Removals: []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
		},
	}
	if named == nil {
		a.name, a.remedy = nameOf(nil)
		return a
	}
	a.name, a.remedy = nameOf(&v1alpha1.LocalReference{Name: named.Name})
	if scim := named.Spec.SCIM; scim != nil {
		a.Capabilities = denied(a.Capabilities, scim)
	}
	return a
}

// denied is what is left without what the spec of a service provider denies, and
// without what none can.
func denied(can directory.Capabilities, scim *v1alpha1.SCIMBackend) directory.Capabilities {
	can.SignIn, can.Tenancy = directory.SignInElsewhere, directory.TenancyOne
	can.NestedUnits, can.Permissions = false, false
	can.Units = scim.Mapping.BusinessUnits.HeldIn != v1alpha1.HeldNowhere
	can.Roles = scim.Mapping.Roles.HeldIn != v1alpha1.HeldNowhere
	can.UnitGrants = scim.Mapping.Roles.HeldIn == v1alpha1.HeldInGroups || scim.Mapping.Roles.HeldIn == ""
	if scim.Discovery.Deletion == v1alpha1.ToggleDisabled {
		can.Removals = []directory.Removal{directory.RemovalDisable}
	}
	for _, m := range scim.Mapping.Attributes {
		if m.Attribute == "" {
			can.Fields = slices.DeleteFunc(can.Fields, func(f directory.ProfileField) bool { return f == directory.ProfileField(m.Field) })
		}
	}
	return can
}
