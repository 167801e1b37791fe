package scim

import (
	"context"
	"maps"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// sort is what a name in an attribute stands for.
type sort string

const (
	units sort = "unit"
	roles sort = "role"
)

// names are what ApplyUnit and ApplyRole have named to this process where
// attributes hold them: a value that is one of them is ours to take away, whoever
// gave it. They add to what the admission of each person tells.
type names struct {
	mu  sync.Mutex
	all map[namedIn]map[string]bool
}

type namedIn struct {
	org  directory.OrganizationID
	sort sort
}

// known returns the names; they must not be changed.
func (n *names) known(org directory.OrganizationID, s sort) map[string]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[namedIn{org, s}]
}

func (n *names) change(org directory.OrganizationID, s sort, f func(map[string]bool)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	changed := maps.Clone(n.all[namedIn{org, s}])
	if changed == nil {
		changed = map[string]bool{}
	}
	f(changed)
	if n.all == nil {
		n.all = map[namedIn]map[string]bool{}
	}
	n.all[namedIn{org, s}] = changed
}

func (n *names) forget(org directory.OrganizationID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range []sort{units, roles} {
		delete(n.all, namedIn{org, s})
	}
}

// ApplyUnit implements [directory.Backend].
func (b *Backend) ApplyUnit(ctx context.Context, u directory.Unit) error {
	const op = "apply a unit"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	if u.Parent != "" && v.units.in != HeldNowhere {
		return directory.Errorf(directory.KindUnsupported, op, "the service provider holds no business units below others; leave parentRef out")
	}
	return inOp(op, b.applyNamed(ctx, named{v.units, units, groupKey{org: u.Organization, unit: u.Name}, u.DisplayName}))
}

// ApplyRole implements [directory.Backend].
func (b *Backend) ApplyRole(ctx context.Context, r directory.Role) error {
	const op = "apply a role"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	return inOp(op, b.applyNamed(ctx, named{v.roles, roles, groupKey{org: r.Organization, role: r.Name}, r.DisplayName}))
}

// named is a unit or a role.
type named struct {
	holder  holder
	sort    sort
	key     groupKey
	display string
}

func (n named) name() string {
	if n.sort == roles {
		return n.key.role
	}
	return n.key.unit
}

// holds reports whether a group belongs to the unit or the role.
func (n named) holds(k groupKey) bool {
	if k.org != n.key.org {
		return false
	}
	if n.sort == roles {
		return k.role == n.key.role
	}
	return k.unit == n.key.unit
}

func (b *Backend) applyNamed(ctx context.Context, n named) error {
	if !storable(n.name()) || !storable(n.display) {
		return directory.Errorf(directory.KindInvalid, "", "the name of the %s is not UTF-8 text, or holds a NUL", n.sort)
	}
	switch n.holder.in {
	case HeldInGroups:
		display := orElse(n.display, n.name())
		if err := b.applyGroup(ctx, n.key, display); err != nil {
			return err
		}
		return b.renameGrants(ctx, n)
	case HeldInAttribute:
		b.names.change(n.key.org, n.sort, func(all map[string]bool) { all[n.name()] = true })
		return nil
	default:
		return directory.Errorf(directory.KindUnsupported, "", "the service provider holds no %ss", n.sort)
	}
}

// grantName is what the group of a role within a unit is called.
func (b *Backend) grantName(ctx context.Context, key groupKey) (string, error) {
	shown := map[groupKey]string{}
	role, unit := groupKey{org: key.org, role: key.role}, groupKey{org: key.org, unit: key.unit}
	found, err := b.groupsLike(ctx, false, func(k groupKey) bool { return k == role || k == unit })
	for _, g := range found {
		shown[g.key] = g.display
	}
	return orElse(shown[role], key.role) + " (" + orElse(shown[unit], key.unit) + ")", err
}

// renameGrants calls the groups of a role within units as role and unit are
// called.
func (b *Backend) renameGrants(ctx context.Context, n named) error {
	found, err := b.groupsLike(ctx, false, func(k groupKey) bool { return k.grant() && n.holds(k) })
	if err != nil {
		return err
	}
	for _, g := range found {
		display, err := b.grantName(ctx, g.key)
		if err != nil {
			return err
		}
		if err := b.rename(ctx, g, display); err != nil && !directory.IsKind(err, directory.KindNotFound) {
			return err
		}
	}
	return nil
}

// RemoveUnit implements [directory.Backend].
func (b *Backend) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	const op = "remove a unit"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	n := named{holder: v.units, sort: units, key: groupKey{org: org, unit: name}}
	return inOp(op, b.removeNamed(ctx, n))
}

// RemoveRole implements [directory.Backend].
func (b *Backend) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	const op = "remove a role"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	n := named{holder: v.roles, sort: roles, key: groupKey{org: org, role: name}}
	return inOp(op, b.removeNamed(ctx, n))
}

func (b *Backend) removeNamed(ctx context.Context, n named) error {
	switch n.holder.in {
	case HeldInGroups:
		if err := b.removeGroups(ctx, n.key, n.holds); err != nil {
			return err
		}
	case HeldInAttribute:
		if err := b.removeValues(ctx, n); err != nil {
			return err
		}
	case HeldNowhere:
		return nil
	}
	if err := b.stopAwaiting(ctx, n); err != nil {
		return err
	}
	b.absences.forget(n.key.swept())
	return nil
}

// removeValues takes the name away from every member, and forgets it then.
func (b *Backend) removeValues(ctx context.Context, n named) error {
	var holders []protocol.Resource
	name := map[string]bool{n.name(): true}
	_, err := b.all(ctx, protocol.ListRequest{Kind: protocol.Users}, func(user protocol.Resource) {
		if _, is := addressOf(n.key.org, user); is && len(n.holder.named(user, name)) > 0 {
			holders = append(holders, user)
		}
	})
	if err != nil {
		return err
	}
	for _, user := range holders {
		if err := b.removeValue(ctx, n, user); err != nil {
			return err
		}
	}
	b.names.change(n.key.org, n.sort, func(all map[string]bool) { delete(all, n.name()) })
	return nil
}

// removeValue takes the name away from a member.
func (b *Backend) removeValue(ctx context.Context, n named, user protocol.Resource) error {
	address, _ := addressOf(n.key.org, user)
	s, err := b.admission(ctx, person{n.key.org, address})
	if err != nil {
		return err
	}
	s.user = user
	if s.nobodys() {
		return nil
	}
	who, err := s.subject()
	if err != nil {
		return err
	}
	o, _ := n.holder.holding(user, map[string]bool{n.name(): true}, nil)
	if _, err = b.update(ctx, who, []operation{o}); directory.IsKind(err, directory.KindNotFound) {
		return nil
	}
	return err
}

// without is access without the unit or the role.
func (n named) without(a directory.Access) directory.Access {
	var left directory.Access
	for _, name := range a.Units {
		if !n.holds(groupKey{org: n.key.org, unit: name}) {
			left.Units = append(left.Units, name)
		}
	}
	for _, g := range a.Grants {
		if !n.holds(groupKey{org: n.key.org, role: g.Role, unit: g.Unit}) {
			left.Grants = append(left.Grants, g)
		}
	}
	return left
}

// stopAwaiting takes the name away from everybody whom the service provider is
// yet to have, and from what is noted of others.
func (b *Backend) stopAwaiting(ctx context.Context, n named) error {
	return b.eachAdmission(ctx, n.key.org, func(a directory.Admission) error {
		waits := awaitingOf(a)
		left := waits
		left.Access, left.Given = n.without(waits.Access), n.without(waits.Given)
		if includes(left.Access, waits.Access) && includes(left.Given, waits.Given) {
			return nil
		}
		changed := a
		var err error
		if changed.Awaiting, err = left.text(); err != nil {
			return err
		}
		return b.admit(ctx, changed, a)
	})
}

// admissionsAtOnce is how many admissions are read at once.
const admissionsAtOnce = 500

func (b *Backend) eachAdmission(ctx context.Context, org directory.OrganizationID, f func(directory.Admission) error) error {
	for after := ""; ; {
		found, err := b.admissions.Admissions(ctx, org, after, admissionsAtOnce)
		if err != nil {
			return err
		}
		for _, a := range found {
			if err := f(a); err != nil {
				return err
			}
			after = a.Address
		}
		if len(found) < admissionsAtOnce {
			return nil
		}
	}
}
