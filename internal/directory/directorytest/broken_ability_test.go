package directorytest

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// bendAbilities bends what the backend says that it can do.
func bendAbilities(f func(*directory.Capabilities)) func(*twist) {
	return func(w *twist) {
		w.capabilities = func() directory.Capabilities {
			c := w.memory.capabilities
			f(&c)
			return c
		}
	}
}

// brokenAbilities do something else than their abilities say.
func brokenAbilities() map[string]broken {
	oneTenant := MemoryOptions{Tenancy: directory.TenancyOne}
	return map[string]broken{
		"grants in no units": {check: "backend/capabilities", bend: bendAbilities(func(c *directory.Capabilities) { c.Units, c.NestedUnits = false, false })},
		"a field nobody has": {check: "backend/capabilities", bend: bendAbilities(func(c *directory.Capabilities) { c.Fields = []directory.ProfileField{"shoeSize"} })},
		"a removal nobody knows": {check: "backend/capabilities", bend: bendAbilities(func(c *directory.Capabilities) {
			c.Removals = []directory.Removal{"Banish"}
		})},
		"says nothing of tenancy": {check: "backend/capabilities", bend: bendAbilities(func(c *directory.Capabilities) { c.Tenancy = "" })},
		"refuses to be the tenant": {check: "organization/is the system", options: oneTenant, bend: func(w *twist) {
			w.applyOrganization = func(_ context.Context, o directory.Organization) error {
				return notFound("apply an organization", "organization %q", o.ID)
			}
		}},
		"keeps its members": {check: "organization/remove what is ours", options: oneTenant, bend: func(w *twist) {
			w.removeOrganization = func(context.Context, directory.OrganizationID) error { return nil }
		}},
		"units stay with the system": {check: "organization/remove what is ours", options: oneTenant, bend: func(w *twist) {
			w.removeOrganization = func(ctx context.Context, org directory.OrganizationID) error {
				if err := w.Backend.RemoveOrganization(ctx, org); err != nil {
					return err
				}
				for _, name := range []string{"north", "south", "ward"} {
					if err := w.Backend.ApplyUnit(ctx, aUnit(org, name, "")); err != nil {
						return err
					}
				}
				if err := w.Backend.ApplyRole(ctx, aRole(org, "lead")); err != nil {
					return err
				}
				return w.Backend.ApplyRole(ctx, aRole(org, "clinician"))
			}
		}},
		"says that units are flat": {check: "unit/not nested", bend: bendAbilities(func(c *directory.Capabilities) { c.NestedUnits = false })},
		"nests silently": {check: "unit/not nested", options: MemoryOptions{NoNestedUnits: true}, bend: func(w *twist) {
			w.applyUnit = func(ctx context.Context, u directory.Unit) error {
				u.Parent = ""
				return w.Backend.ApplyUnit(ctx, u)
			}
		}},
		"writes permissions": {check: "role/permissions left to us", options: MemoryOptions{NoPermissions: true}, bend: func(w *twist) {
			w.applyRole = func(ctx context.Context, r directory.Role) error {
				w.extraWrites.Add(1)
				return w.Backend.ApplyRole(ctx, r)
			}
		}},
		"keeps more than it says": {check: "member/fields not kept", bend: bendAbilities(func(c *directory.Capabilities) {
			c.Fields = []directory.ProfileField{directory.FieldDisplayName}
		})},
		"grants wider than asked": {check: "access/no grants in units", options: MemoryOptions{NoUnitGrants: true}, bend: bendAccess(
			func(_ *twist, a *directory.Access, _ directory.ObservedMember) {
				a.Grants = slices.Clone(a.Grants)
				for i := range a.Grants {
					a.Grants[i].Unit = ""
				}
			})},
		"deletes nobody":   {check: "removal/delete", bend: bendRemoval(directory.RemovalDelete, directory.RemovalDisable)},
		"drops regardless": {check: "removal/other ways", options: MemoryOptions{Removals: []directory.Removal{directory.RemovalDisable}}, bend: dropsRegardless},
		"banishes":         {check: "removal/other ways", bend: bendRemoval("Banish", directory.RemovalDrop)},
	}
}

func dropsRegardless(w *twist) {
	w.removeMember = func(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
		if how != directory.RemovalDisable {
			how = directory.RemovalDisable
		}
		return w.Backend.RemoveMember(ctx, org, address, how)
	}
}
