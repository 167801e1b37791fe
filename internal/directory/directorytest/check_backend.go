package directorytest

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func backendChecks() []check {
	return []check{
		{
			name: "capabilities",
			rule: "Capabilities are data that make sense, and an Inviter is there exactly when invitations are native.",
			run:  checkCapabilities,
		},
		{
			name: "check",
			rule: "Check reaches the backend and changes nothing.",
			run: func(s *scene) {
				s.quietly("check", func() error { return s.f.Backend.Check(s.ctx) })
			},
		},
		{
			name: "cancelled",
			rule: "A call whose context has ended fails, concludes nothing and changes nothing.",
			run:  checkCancelled,
		},
		{
			name:  "no units",
			rule:  "Without units, applying one is KindUnsupported, and removing one succeeds.",
			needs: not(needsUnits),
			run: func(s *scene) {
				s.organization()
				if s.err == nil {
					s.refused("create a unit", directory.KindUnsupported, s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, "north", "")))
				}
				s.quietly("remove a unit", func() error { return s.f.Backend.RemoveUnit(s.ctx, s.org, "north") })
				s.unsupported(directory.Access{Units: []string{"north"}})
			},
		},
		{
			name:  "no roles",
			rule:  "Without roles, applying one is KindUnsupported, and removing one succeeds.",
			needs: not(needsRoles),
			run: func(s *scene) {
				s.organization()
				if s.err == nil {
					s.refused("create a role", directory.KindUnsupported, s.f.Backend.ApplyRole(s.ctx, aRole(s.org, "lead")))
				}
				s.quietly("remove a role", func() error { return s.f.Backend.RemoveRole(s.ctx, s.org, "lead") })
				s.unsupported(directory.Access{Grants: []directory.Grant{{Role: "lead"}}})
			},
		},
	}
}

func checkCapabilities(s *scene) {
	c, err := s.f.Backend.Capabilities(s.ctx)
	s.done("tell the capabilities", err)
	_, inviter := s.f.Backend.(directory.Inviter)
	checkWords(s, c)
	switch {
	case c.NestedUnits && !c.Units:
		s.failf("there are units below units, and no units")
	case c.UnitGrants && (!c.Units || !c.Roles):
		s.failf("roles are granted within units, and there are not both")
	case c.Permissions && !c.Roles:
		s.failf("it is kept what roles permit, and there are no roles")
	case c.PageSize < 1:
		s.failf("a page holds %d members", c.PageSize)
	case inviter != (c.Invitations == directory.InvitationsNative):
		s.failf("invitations are %s, and that the backend is an Inviter is %t", c.Invitations, inviter)
	}
	same(s, "capabilities asked for again", s.f.can(), c)
}

// checkWords accepts the words of the contract only.
func checkWords(s *scene, c directory.Capabilities) {
	known := directory.AllFields()
	for _, field := range c.Fields {
		if !slices.Contains(known, field) && !strings.HasPrefix(string(field), string(directory.FieldAttributes)) {
			s.failf("there is no field %q of a profile", field)
		}
	}
	if len(c.Removals) == 0 {
		s.failf("there is no way in which a member can go")
	}
	removals := []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete}
	for _, how := range c.Removals {
		if !slices.Contains(removals, how) {
			s.failf("there is no removal %q", how)
		}
	}
	oneOf(s, "invitations are", c.Invitations, directory.InvitationsOurs, directory.InvitationsNative)
	oneOf(s, "people sign in", c.SignIn, directory.SignInHere, directory.SignInElsewhere)
	oneOf(s, "organizations in the system are", c.Tenancy, directory.TenancyMany, directory.TenancyOne)
}

func oneOf[T ~string](s *scene, what string, got T, known ...T) {
	if !slices.Contains(known, got) {
		s.failf("%s %q, want one of %q", what, got, known)
	}
}

// unsupported checks that access which the backend cannot hold is refused as a
// whole.
func (s *scene) unsupported(a directory.Access) {
	s.apply(s.member(ada))
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	s.quietly("refuse access that cannot be held", func() error {
		s.refused("give access that cannot be held", directory.KindUnsupported, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a))
		return nil
	})
	same(s, "the member after access that cannot be held", s.observe(ada), before)
}

func checkCancelled(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	changed := s.retitled(in(directory.MemberActive, s.member(ada)))
	for step, call := range map[string]func() error{
		"apply a member": func() error { _, err := s.f.Backend.ApplyMember(ctx, changed); return err },
		"apply access":   func() error { return s.f.Backend.ApplyAccess(ctx, s.org, ada, s.wide()) },
		"drop a member":  func() error { return s.f.Backend.RemoveMember(ctx, s.org, ada, s.away()) },
		"observe":        func() error { _, err := s.f.Backend.Member(ctx, s.org, grace); return err },
		"list":           func() error { _, err := s.f.Backend.ListMembers(ctx, s.org, ""); return err },
		"remove all":     func() error { return s.f.Backend.RemoveOrganization(ctx, s.org) },
	} {
		err := call()
		switch directory.KindOf(err) {
		case directory.KindUnavailable, directory.KindInternal:
		default:
			s.failf("%s with an ended context: kind %q, want Unavailable or Internal: %v", step, directory.KindOf(err), err)
		}
	}
	same(s, "the member after calls with an ended context", s.observe(ada), before)
}
