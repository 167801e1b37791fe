package scim

import (
	"cmp"
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// access is what the person may do, as the service provider has it.
func (b *Backend) access(ctx context.Context, v *view, s sight) (directory.Access, error) {
	a := b.accessInAttributes(v, s)
	if !v.grouped() || s.created {
		return asSet(a), nil
	}
	if s.read.ID() != "" {
		// Not every answer to a change tells groups.
		s.user = s.read
	}
	groups, err := b.groupsOf(ctx, v, s)
	for _, g := range groups {
		switch {
		case g.key.role == "" && v.units.in == HeldInGroups:
			a.Units = append(a.Units, g.key.unit)
		case g.key.role != "" && v.roles.in == HeldInGroups && (g.key.unit == "" || v.unitGrants()):
			a.Grants = append(a.Grants, directory.Grant{Role: g.key.role, Unit: g.key.unit})
		}
	}
	return asSet(a), err
}

// asSet returns a sorted copy without repetitions.
func asSet(a directory.Access) directory.Access {
	grants, units := slices.Clone(a.Grants), slices.Clone(a.Units)
	slices.SortFunc(grants, func(a, b directory.Grant) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Unit, b.Unit))
	})
	slices.Sort(units)
	return directory.Access{Grants: slices.Compact(grants), Units: slices.Compact(units)}
}

// ApplyAccess implements [directory.Backend].
func (b *Backend) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	const op = "apply access"
	p := person{org, address}
	unlock, err := b.locks.lock(ctx, p.key())
	if err != nil {
		return err
	}
	defer unlock()
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	return inOp(op, b.applyAccess(ctx, v, p, asSet(a)))
}

func (b *Backend) applyAccess(ctx context.Context, v *view, p person, a directory.Access) error {
	if err := v.supports(a); err != nil {
		return err
	}
	if done, err := b.giveArrival(ctx, v, p, a); done || err != nil {
		return err
	}
	s, err := b.look(ctx, v, p)
	if err != nil {
		return err
	}
	if !s.exists() {
		return missing("the member")
	}
	return b.giveWhatExists(ctx, v, s, a)
}

// giveWhatExists gives access to a member, unless a part of it does not exist.
func (b *Backend) giveWhatExists(ctx context.Context, v *view, s sight, a directory.Access) error {
	there, err := b.existing(ctx, v, s.org, a)
	if err != nil {
		return err
	}
	if err := firstMissing(a, there); err != nil {
		return err
	}
	if s.there() {
		who, err := s.subject()
		if err != nil {
			return err
		}
		if who.admission, err = b.recordGiven(ctx, v, s, a); err != nil {
			return err
		}
		return b.give(ctx, v, who, a)
	}
	waits := awaitingOf(s.admission)
	waits.Access = a
	changed := s.admission
	if changed.Awaiting, err = waits.text(); err != nil {
		return err
	}
	return b.admit(ctx, changed, s.admission)
}

// supports is KindUnsupported for access that the service provider cannot hold.
func (v *view) supports(a directory.Access) error {
	within := slices.ContainsFunc(a.Grants, func(g directory.Grant) bool { return g.Unit != "" })
	var reason string
	switch {
	case len(a.Units) > 0 && !v.holdsUnits():
		reason = "the service provider holds no business units"
	case len(a.Grants) > 0 && !v.holdsRoles():
		reason = "the service provider holds no roles"
	case within && !v.unitGrants():
		reason = "the service provider holds no roles within a business unit; both need to be held in groups for that"
	case len(a.Units) > 1 && v.units.in == HeldInAttribute && !v.units.many:
		reason = "the attribute for business units holds one of them"
	case len(a.Grants) > 1 && v.roles.in == HeldInAttribute && !v.roles.many:
		reason = "the attribute for roles holds one of them"
	default:
		return nil
	}
	return directory.Errorf(directory.KindUnsupported, "", "%s", reason)
}

// existing is the part of access whose roles and units exist.
func (b *Backend) existing(ctx context.Context, v *view, org directory.OrganizationID, a directory.Access) (directory.Access, error) {
	var there directory.Access
	known := map[groupKey]bool{}
	exists := func(key groupKey) (bool, error) {
		if is, asked := known[key]; asked || key == (groupKey{org: org}) {
			return is || !asked, nil
		}
		is, err := b.exists(ctx, v, key)
		known[key] = is
		return is, err
	}
	for _, name := range a.Units {
		is, err := exists(groupKey{org: org, unit: name})
		if err != nil {
			return directory.Access{}, err
		}
		if is {
			there.Units = append(there.Units, name)
		}
	}
	for _, g := range a.Grants {
		role, err := exists(groupKey{org: org, role: g.Role})
		if err != nil {
			return directory.Access{}, err
		}
		unit, err := exists(groupKey{org: org, unit: g.Unit})
		if err != nil {
			return directory.Access{}, err
		}
		if role && unit {
			there.Grants = append(there.Grants, g)
		}
	}
	return there, nil
}

// exists reports whether a role or a unit was made by us, as far as that can be
// told.
func (b *Backend) exists(ctx context.Context, v *view, key groupKey) (bool, error) {
	h := v.units
	if key.role != "" {
		h = v.roles
	}
	switch h.in {
	case HeldInGroups:
		found, err := b.groupsWith(ctx, key)
		return len(found) > 0, err
	case HeldInAttribute:
		// It is nothing but the name that the person has.
		return true, nil
	default:
		return false, nil
	}
}

// firstMissing is KindNotFound when not all of the access exists.
func firstMissing(a, there directory.Access) error {
	for _, name := range a.Units {
		if !slices.Contains(there.Units, name) {
			return missing("unit %q", name)
		}
	}
	for _, g := range a.Grants {
		switch {
		case slices.Contains(there.Grants, g):
		case g.Unit == "":
			return missing("role %q", g.Role)
		default:
			return missing("role %q or unit %q", g.Role, g.Unit)
		}
	}
	return nil
}
