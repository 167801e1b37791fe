package directorytest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// cursorPrefix tells our cursors from any other text.
const cursorPrefix = "after:"

// Member implements [directory.Backend].
func (m *Memory) Member(ctx context.Context, org directory.OrganizationID, address string) (directory.ObservedMember, error) {
	var found directory.ObservedMember
	err := m.call(ctx, call{MethodMember, org, address}, func() error {
		t, err := m.tenantFor("observe a member", org, true)
		if err != nil {
			return err
		}
		o, ok := t.members[address]
		if !ok {
			return notFound("observe a member", "the member")
		}
		found = own(o)
		return nil
	})
	if err != nil {
		return directory.ObservedMember{}, err
	}
	return found, nil
}

// ListMembers implements [directory.Backend].
func (m *Memory) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	var page directory.MemberPage
	err := m.call(ctx, call{MethodListMembers, org, ""}, func() error {
		t, err := m.tenantFor("list members", org, true)
		if err != nil {
			return err
		}
		after, ours := strings.CutPrefix(cursor, cursorPrefix)
		if cursor != "" && !ours {
			return directory.Errorf(directory.KindInvalid, "list members", "the cursor is not one of ours")
		}
		page = t.page(after, m.capabilities.PageSize)
		return nil
	})
	if err != nil {
		return directory.MemberPage{}, err
	}
	return page, nil
}

func (t *tenant) page(after string, size int) directory.MemberPage {
	var page directory.MemberPage
	for _, address := range slices.Sorted(maps.Keys(t.members)) {
		if address <= after || t.omitted[address] {
			continue
		}
		if len(page.Members) == size {
			page.Next = cursorPrefix + page.Members[size-1].Address
			return page
		}
		page.Members = append(page.Members, own(t.members[address]))
	}
	page.Complete = len(t.omitted) == 0
	return page
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
		after := m.settle(own(before), d)
		if !ok {
			m.lastID++
			after.ID = fmt.Sprintf("member-%d", m.lastID)
		}
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
	o.Organization, o.Address = d.Organization, d.Address
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
	if d.State == directory.MemberInvited && !o.JoinedAt.IsZero() {
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
		found, ok := t.members[address]
		if !ok {
			return notFound("apply access", "the member")
		}
		a := asSet(a)
		if err := t.check(a); err != nil {
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

// check refuses access to what is not there.
func (t *tenant) check(a directory.Access) error {
	units := slices.Clone(a.Units)
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
		delete(t.members, from)
		before.Address = to
		t.members[to] = before
		m.wrote(MethodChangeAddress, org, to)
		return nil
	})
}

// RemoveMember implements [directory.Backend].
func (m *Memory) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	return m.call(ctx, call{MethodRemoveMember, org, address}, func() error {
		t, ok := m.orgs[org]
		if !ok {
			return nil
		}
		found, ok := t.members[address]
		if !ok {
			return nil
		}
		switch how {
		case directory.RemovalDrop, directory.RemovalDelete:
			delete(t.members, address)
		case directory.RemovalDisable:
			if found.State == directory.MemberDisabled {
				return nil
			}
			found.State = directory.MemberDisabled
			t.members[address] = found
		default:
			return directory.Errorf(directory.KindInvalid, "remove a member", "removal %q is unknown", how)
		}
		m.wrote(MethodRemoveMember, org, address)
		return nil
	})
}
