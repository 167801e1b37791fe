package scim

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// give makes the access of a user exactly what is given: what is taken away
// first.
func (b *Backend) give(ctx context.Context, v *view, s sight, a directory.Access) error {
	if err := b.giveInAttributes(ctx, v, s, a); err != nil || !v.grouped() {
		return err
	}
	var have []group
	if !s.created {
		var err error
		if have, err = b.groupsOf(ctx, v, s); err != nil {
			return err
		}
	}
	wanted := v.keysOf(s.org, a)
	for _, g := range have {
		if i := slices.Index(wanted, g.key); i >= 0 {
			continue
		}
		if err := b.changeMembers(ctx, g, s.user.ID(), false); err != nil {
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
		if err := b.changeMembers(ctx, g, s.user.ID(), true); err != nil {
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

// changeMembers adds the user to the group, or removes them, together with others
// of whom the same is asked meanwhile.
func (b *Backend) changeMembers(ctx context.Context, g group, user string, add bool) error {
	change := protocol.MemberChange{Group: g.id, Remove: []string{user}}
	if add {
		change.Add, change.Remove = change.Remove, nil
	}
	err := b.client.ChangeMembers(ctx, change)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		b.forgetGroup(g.id)
		if add {
			return err
		}
	case err != nil:
		return err
	}
	b.members.change(func(x *memberships) {
		if add {
			x.join(user, g.id)
			return
		}
		x.leave(user, g.id)
	})
	return nil
}
