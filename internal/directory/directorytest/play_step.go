package directorytest

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// The steps of plays: what controllers and people do, and what must be seen
// directly afterwards.

func (p *play) learns() {
	p.step("ask what the backend can do", func() error {
		_, err := p.f.Backend.Capabilities(p.ctx)
		return err
	})
}

func (p *play) sets() {
	p.step("apply the organization", func() error { return p.f.Backend.ApplyOrganization(p.ctx, anOrganization(p.org)) })
}

func (p *play) sorts(u directory.Unit) {
	if !p.can.NestedUnits {
		u.Parent = ""
	}
	if p.can.Units {
		p.step("apply unit "+u.Name, func() error { return p.f.Backend.ApplyUnit(p.ctx, u) })
	}
}

func (p *play) entitles(r directory.Role) {
	if p.can.Roles {
		p.step("apply role "+r.Name, func() error { return p.f.Backend.ApplyRole(p.ctx, r) })
	}
}

// furnishes is [scene.furnish], step by step.
func (p *play) furnishes() {
	p.learns()
	p.sets()
	for _, name := range []string{"north", "south"} {
		p.sorts(aUnit(p.org, name, ""))
	}
	p.sorts(aUnit(p.org, "ward", "north"))
	for _, name := range []string{"clinician", "lead"} {
		p.entitles(aRole(p.org, name))
	}
}

// dissolves removes a unit and a role.
func (p *play) dissolves(unit, role string) {
	if p.can.Units {
		p.step("remove unit "+unit, func() error { return p.f.Backend.RemoveUnit(p.ctx, p.org, unit) })
	}
	if p.can.Roles {
		p.step("remove role "+role, func() error { return p.f.Backend.RemoveRole(p.ctx, p.org, role) })
	}
}

// applies declares somebody, and expects to be told the state.
func (p *play) applies(m directory.Member, want directory.MemberState) {
	what := "apply " + m.Address
	p.step(what, func() error {
		got, err := p.f.Backend.ApplyMember(p.ctx, m)
		if err == nil && got.State != want {
			p.failf("%s: it is said that the state is %q, want %q", what, got.State, want)
		}
		return err
	})
	if !slices.Contains(p.wanted, m.Address) {
		p.wanted = append(p.wanted, m.Address)
	}
}

func (p *play) gives(address string, a directory.Access) {
	p.step("give access to "+address, func() error { return p.f.Backend.ApplyAccess(p.ctx, p.org, address, a) })
}

func (p *play) accepts(address string) {
	p.step(address+" accepts", func() error { return p.f.Activate(p.ctx, p.org, address, "Confirmed Name") })
}

// removes somebody, who then is not wanted any more.
func (p *play) removes(address string, how directory.Removal) {
	p.step(fmt.Sprintf("remove %s by %s", address, how), func() error {
		return p.f.Backend.RemoveMember(p.ctx, p.org, address, how)
	})
	if how != directory.RemovalDisable {
		p.wanted = slices.DeleteFunc(p.wanted, func(a string) bool { return a == address })
	}
}

func (p *play) moves(from, to string) {
	p.step("change the address of "+from, func() error { return p.changer().ChangeAddress(p.ctx, p.org, from, to) })
	p.wanted = append(slices.DeleteFunc(p.wanted, func(a string) bool { return a == from || a == to }), to)
}

// sees expects somebody to be in a state, with an access.
func (p *play) sees(address string, state directory.MemberState, a directory.Access) {
	what := "observe " + address
	p.step(what, func() error {
		got, err := p.f.Backend.Member(p.ctx, p.org, address)
		if err == nil {
			same(p.scene, what+": the state", got.State, state)
			same(p.scene, what+": the access", got.Access, a)
		}
		return err
	})
}

// misses expects that there is nobody.
func (p *play) misses(address string) {
	p.step("look for "+address, func() error {
		_, err := p.f.Backend.Member(p.ctx, p.org, address)
		switch {
		case err == nil:
			p.failf("%s is there, and must not be", address)
		case directory.IsKind(err, directory.KindNotFound):
			return nil
		}
		return err
	})
}

// lacks expects that access to what there is not is refused.
func (p *play) lacks(address string, a directory.Access) {
	p.step("give access to what was removed", func() error {
		err := p.f.Backend.ApplyAccess(p.ctx, p.org, address, p.holdable(a))
		switch {
		case err == nil:
			p.failf("access is given to what was removed")
		case directory.IsKind(err, directory.KindNotFound):
			return nil
		}
		return err
	})
}

// listsNothing expects that there is no organization.
func (p *play) listsNothing() {
	p.step("list a removed organization", func() error {
		_, err := p.f.Backend.ListMembers(p.ctx, p.org, "")
		switch {
		case err == nil:
			p.failf("an organization that was removed is listed")
		case directory.IsKind(err, directory.KindNotFound):
			return nil
		}
		return err
	})
}
