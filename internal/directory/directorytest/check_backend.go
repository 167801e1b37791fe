package directorytest

import (
	"context"

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
			rule:  "A backend without units says that it does not support them.",
			needs: func(f Fixture) bool { return !needsUnits(f) },
			run: func(s *scene) {
				s.organization()
				if s.err == nil {
					s.refused("create a unit", directory.KindUnsupported, s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, "north", "")))
				}
			},
		},
		{
			name:  "no roles",
			rule:  "A backend without roles says that it does not support them.",
			needs: func(f Fixture) bool { return !needsRoles(f) },
			run: func(s *scene) {
				s.organization()
				if s.err == nil {
					s.refused("create a role", directory.KindUnsupported, s.f.Backend.ApplyRole(s.ctx, aRole(s.org, "lead")))
				}
			},
		},
	}
}

func checkCapabilities(s *scene) {
	c, err := s.f.Backend.Capabilities(s.ctx)
	s.done("tell the capabilities", err)
	_, inviter := s.f.Backend.(directory.Inviter)
	switch {
	case c.PageSize < 1:
		s.failf("a page holds %d members", c.PageSize)
	case c.Invitations != directory.InvitationsOurs && c.Invitations != directory.InvitationsNative:
		s.failf("invitations are %q", c.Invitations)
	case inviter != (c.Invitations == directory.InvitationsNative):
		s.failf("invitations are %s, and that the backend is an Inviter is %t", c.Invitations, inviter)
	}
	same(s, "capabilities asked for again", s.f.can(), c)
}

func checkCancelled(s *scene) {
	s.furnish()
	s.apply(aMember(s.org, ada))
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	changed := aMember(s.org, ada)
	changed.Profile.Title = "Countess"
	for step, call := range map[string]func() error{
		"apply a member": func() error { _, err := s.f.Backend.ApplyMember(ctx, changed); return err },
		"apply access":   func() error { return s.f.Backend.ApplyAccess(ctx, s.org, ada, s.wide()) },
		"drop a member":  func() error { return s.f.Backend.RemoveMember(ctx, s.org, ada, directory.RemovalDrop) },
		"observe":        func() error { _, err := s.f.Backend.Member(ctx, s.org, grace); return err },
		"list":           func() error { _, err := s.f.Backend.ListMembers(ctx, s.other(), ""); return err },
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
