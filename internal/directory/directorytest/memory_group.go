package directorytest

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyUnit implements [directory.Backend].
func (m *Memory) ApplyUnit(ctx context.Context, u directory.Unit) error {
	return m.call(ctx, call{MethodApplyUnit, u.Organization, u.Name}, func() error {
		t, err := m.tenantFor("apply a unit", u.Organization, m.capabilities.Units)
		if err != nil {
			return err
		}
		if u.Parent != "" && !m.capabilities.NestedUnits {
			return unsupported("apply a unit")
		}
		if _, ok := t.units[u.Parent]; !ok && u.Parent != "" {
			return notFound("apply a unit", "parent unit %q", u.Parent)
		}
		if err := storable(u.DisplayName); err != nil {
			return err
		}
		if t.units[u.Name] == u {
			return nil
		}
		t.units[u.Name] = u
		m.wrote(MethodApplyUnit, u.Organization, u.Name)
		return nil
	})
}

// RemoveUnit implements [directory.Backend].
func (m *Memory) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	return m.call(ctx, call{MethodRemoveUnit, org, name}, func() error {
		t, ok := m.tenant(org)
		if !ok {
			return nil
		}
		if _, ok := t.units[name]; !ok {
			return nil
		}
		delete(t.units, name)
		for key, u := range t.units {
			if u.Parent == name {
				u.Parent = ""
				t.units[key] = u
			}
		}
		t.reduce(func(g directory.Grant) bool { return g.Unit == name }, func(unit string) bool { return unit == name })
		m.wrote(MethodRemoveUnit, org, name)
		return nil
	})
}

// ApplyRole implements [directory.Backend].
func (m *Memory) ApplyRole(ctx context.Context, r directory.Role) error {
	return m.call(ctx, call{MethodApplyRole, r.Organization, r.Name}, func() error {
		t, err := m.tenantFor("apply a role", r.Organization, m.capabilities.Roles)
		if err != nil {
			return err
		}
		if err := storable(append([]string{r.DisplayName}, r.Permissions...)...); err != nil {
			return err
		}
		r.Permissions = slices.Clone(r.Permissions)
		if !m.capabilities.Permissions {
			r.Permissions, r.Level = nil, ""
		}
		if old, ok := t.roles[r.Name]; ok && sameRole(old, r) {
			return nil
		}
		t.roles[r.Name] = r
		m.wrote(MethodApplyRole, r.Organization, r.Name)
		return nil
	})
}

// RemoveRole implements [directory.Backend].
func (m *Memory) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	return m.call(ctx, call{MethodRemoveRole, org, name}, func() error {
		t, ok := m.tenant(org)
		if !ok {
			return nil
		}
		if _, ok := t.roles[name]; !ok {
			return nil
		}
		delete(t.roles, name)
		t.reduce(func(g directory.Grant) bool { return g.Role == name }, func(string) bool { return false })
		m.wrote(MethodRemoveRole, org, name)
		return nil
	})
}

// reduce takes grants and units away from everybody.
func (t *tenant) reduce(grant func(directory.Grant) bool, unit func(string) bool) {
	for address, o := range t.members {
		o.Access = directory.Access{
			Grants: slices.DeleteFunc(slices.Clone(o.Access.Grants), grant),
			Units:  slices.DeleteFunc(slices.Clone(o.Access.Units), unit),
		}
		t.members[address] = o
	}
}

func sameRole(a, b directory.Role) bool {
	return a.DisplayName == b.DisplayName && a.Level == b.Level && slices.Equal(a.Permissions, b.Permissions)
}
