package directorytest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Member implements [directory.Backend].
func (m *Memory) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	var found directory.ObservedMember
	err := m.call(ctx, call{MethodMember, org, address}, func() error {
		t, err := m.tenantFor("observe a member", org, true)
		if err != nil {
			return err
		}
		o, err := t.lone("observe a member", address)
		if err != nil {
			return err
		}
		found = own(o)
		found.Organization = org
		return nil
	})
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return found, nil
}

// ApplyMember implements [directory.Backend].
func (m *Memory) ApplyMember(ctx context.Context, d directory.Member) (directory.ObservedMember, error) {
	var observed directory.ObservedMember
	err := m.call(ctx, call{MethodApplyMember, d.Organization, d.Address}, func() error {
		t, err := m.tenantFor("apply a member", d.Organization, true)
		if err != nil {
			return err
		}
		if err := storableProfile(d.Profile); err != nil {
			return err
		}
		before, ok := t.members[d.Address]
		switch {
		case t.twice[d.Address]:
			return ambiguous("apply a member")
		case !ok && t.seats >= 0 && len(t.members) >= t.seats:
			return directory.Errorf(directory.KindQuotaExceeded, "apply a member", "all %d seats are taken", t.seats)
		}
		after := m.settle(own(before), d)
		if !ok {
			after.ID = m.nextID()
		}
		t.ours[d.Address] = true
		if !ok || !sameMember(before, after) {
			t.members[d.Address] = after
			m.wrote(MethodApplyMember, d.Organization, d.Address)
		}
		observed = own(after)
		return nil
	})
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return observed, nil
}

// settle is what becomes of somebody when a declaration is applied.
func (m *Memory) settle(o directory.ObservedMember, d directory.Member) directory.ObservedMember {
	was := o.State
	o.Organization, o.Address = d.Organization, d.Address
	d.Profile = kept(m.capabilities, d.Profile)
	if d.Profile.DisplayName != "" && d.Profile.DisplayName != o.Profile.DisplayName {
		o.ConfirmedName = ""
	}
	p := &o.Profile
	for _, f := range []struct{ have, want *string }{
		{&p.DisplayName, &d.Profile.DisplayName},
		{&p.GivenName, &d.Profile.GivenName},
		{&p.FamilyName, &d.Profile.FamilyName},
		{&p.Title, &d.Profile.Title},
		{&p.Phone, &d.Profile.Phone},
		{&p.Locale, &d.Profile.Locale},
	} {
		*f.have = cmp.Or(*f.want, *f.have)
	}
	if d.Profile.Attributes != nil {
		p.Attributes = maps.Clone(d.Profile.Attributes)
	}
	o.State = d.State
	if d.State == directory.MemberInvited && (was == directory.MemberActive || !o.JoinedAt.IsZero()) {
		o.State = directory.MemberActive
	}
	if o.State == directory.MemberActive && o.JoinedAt.IsZero() {
		o.JoinedAt = m.clock.Now()
	}
	return o
}

func sameMember(a, b directory.ObservedMember) bool {
	attributes := maps.Equal(a.Profile.Attributes, b.Profile.Attributes)
	return attributes && a.State == b.State && a.ConfirmedName == b.ConfirmedName && a.JoinedAt.Equal(b.JoinedAt) &&
		plain(a.Profile) == plain(b.Profile)
}

// plain is a profile in an order that compares.
func plain(p directory.Profile) [6]string {
	return [6]string{p.DisplayName, p.GivenName, p.FamilyName, p.Title, p.Phone, p.Locale}
}

func storableProfile(p directory.Profile) error {
	fields := plain(p)
	texts := fields[:]
	for key, value := range p.Attributes {
		texts = append(texts, key, value)
	}
	return storable(texts...)
}

// ApplyAccess implements [directory.Backend].
func (m *Memory) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	return m.call(ctx, call{MethodApplyAccess, org, address}, func() error {
		t, err := m.tenantFor("apply access", org, true)
		if err != nil {
			return err
		}
		found, err := t.lone("apply access", address)
		if err != nil {
			return err
		}
		a := asSet(a)
		if err := m.check(t, a); err != nil {
			return err
		}
		if slices.Equal(found.Access.Grants, a.Grants) && slices.Equal(found.Access.Units, a.Units) {
			return nil
		}
		found.Access = a
		t.members[address] = found
		m.wrote(MethodApplyAccess, org, address)
		return nil
	})
}

// check refuses access that cannot be held, or is to what is not there.
func (m *Memory) check(t *tenant, a directory.Access) error {
	units := slices.Clone(a.Units)
	if len(units) > 0 && !m.capabilities.Units || len(a.Grants) > 0 && !m.capabilities.Roles {
		return unsupported("apply access")
	}
	for _, g := range a.Grants {
		if g.Unit != "" && !m.capabilities.UnitGrants {
			return unsupported("apply access")
		}
	}
	for _, g := range a.Grants {
		if _, ok := t.roles[g.Role]; !ok {
			return notFound("apply access", "role %q", g.Role)
		}
		if g.Unit != "" {
			units = append(units, g.Unit)
		}
	}
	for _, name := range units {
		if _, ok := t.units[name]; !ok {
			return notFound("apply access", "unit %q", name)
		}
	}
	return nil
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

// ChangeAddress implements [directory.AddressChanger].
func (m *Memory) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	const op = "change a member's address"
	return m.call(ctx, call{MethodChangeAddress, org, from}, func() error {
		t, err := m.tenantFor(op, org, true)
		if err != nil {
			return err
		}
		before, is := t.members[from]
		_, taken := t.members[to]
		switch {
		case !is && !taken:
			return notFound(op, "the member")
		case !is || from == to:
			return nil
		case taken:
			return directory.Errorf(directory.KindExists, op, "somebody else has the new address")
		}
		if t.twice[from] {
			return ambiguous(op)
		}
		before.Address = to
		t.members[to], t.ours[to] = before, true
		if groups, is := t.foreign[from]; is {
			t.foreign[to] = groups
		}
		t.remove(from)
		m.wrote(MethodChangeAddress, org, to)
		return nil
	})
}

// RemoveMember implements [directory.Backend].
func (m *Memory) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	return m.call(ctx, call{MethodRemoveMember, org, address}, func() error {
		if err := m.allows(how); err != nil {
			return err
		}
		t, ok := m.tenant(org)
		if !ok {
			return nil
		}
		found, ok := t.members[address]
		if !ok {
			return nil
		}
		if t.twice[address] {
			return ambiguous("remove a member")
		}
		switch how {
		case directory.RemovalDrop, directory.RemovalDelete:
			t.remove(address)
		case directory.RemovalDisable:
			if found.State == directory.MemberDisabled {
				return nil
			}
			found.State = directory.MemberDisabled
			t.members[address] = found
		}
		m.wrote(MethodRemoveMember, org, address)
		return nil
	})
}

// allows refuses the ways of removal that there are not.
func (m *Memory) allows(how directory.Removal) error {
	const op = "remove a member"
	switch {
	case slices.Contains(m.capabilities.Removals, how):
		return nil
	case how == directory.RemovalDrop, how == directory.RemovalDisable, how == directory.RemovalDelete:
		return unsupported(op)
	}
	return directory.Errorf(directory.KindInvalid, op, "removal %q is unknown", how)
}

// remove forgets the person, and all that is known of them.
func (t *tenant) remove(address string) {
	delete(t.members, address)
	delete(t.ours, address)
	delete(t.foreign, address)
	delete(t.twice, address)
}

// lone returns the member if nobody else has the address.
func (t *tenant) lone(op, address string) (directory.ObservedMember, error) {
	if t.twice[address] {
		return directory.ObservedMember{}, ambiguous(op)
	}
	o, ok := t.members[address]
	if !ok {
		return directory.ObservedMember{}, notFound(op, "the member")
	}
	return o, nil
}

func ambiguous(op string) error {
	return directory.Errorf(directory.KindExists, op, "two people have the key: remove one of them in the system")
}

func (m *Memory) nextID() string {
	m.lastID++
	return fmt.Sprintf("member-%d", m.lastID)
}
