package scim

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// give makes the access of a user exactly what is given: what is taken away
// first.
func (b *Backend) give(ctx context.Context, v *view, who subject, a directory.Access) error {
	if err := b.giveInAttributes(ctx, v, who, a); err != nil || !v.grouped() {
		return err
	}
	var have []group
	if !who.created {
		var err error
		if have, err = b.groupsOf(ctx, v, who.sight); err != nil {
			return err
		}
	}
	wanted := v.keysOf(who.org, a)
	for _, g := range have {
		if i := slices.Index(wanted, g.key); i >= 0 {
			continue
		}
		if err := b.changeMembers(ctx, g, who, false); err != nil {
			return err
		}
	}
	for _, key := range wanted {
		if slices.ContainsFunc(have, func(g group) bool { return g.key == key }) {
			continue
		}
		g, err := b.groupFor(ctx, key)
		if err != nil {
			return err
		}
		if err := b.changeMembers(ctx, g, who, true); err != nil {
			return err
		}
	}
	return nil
}

// keysOf are the groups that hold the access.
func (v *view) keysOf(org directory.OrganizationID, a directory.Access) []groupKey {
	var keys []groupKey
	if v.units.in == HeldInGroups {
		for _, name := range a.Units {
			keys = append(keys, groupKey{org: org, unit: name})
		}
	}
	if v.roles.in == HeldInGroups {
		for _, g := range a.Grants {
			keys = append(keys, groupKey{org: org, role: g.Role, unit: g.Unit})
		}
	}
	return keys
}

// groupFor returns the group with the key. That of a role within a unit is made
// when it is first needed.
func (b *Backend) groupFor(ctx context.Context, key groupKey) (group, error) {
	found, err := b.groupsWith(ctx, key)
	if err != nil {
		return group{}, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	if !key.grant() {
		return group{}, missing("the role or unit")
	}
	unlock, err := b.locks.lock(ctx, "group "+key.String())
	if err != nil {
		return group{}, err
	}
	defer unlock()
	if found, err = b.groupsWith(ctx, key); err != nil || len(found) > 0 {
		return append(found, group{})[0], err
	}
	display, err := b.grantName(ctx, key)
	if err != nil {
		return group{}, err
	}
	return b.createGroup(ctx, key, display)
}
