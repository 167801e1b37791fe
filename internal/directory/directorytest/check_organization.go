package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func organizationChecks() []check {
	return []check{
		{
			name: "create",
			rule: "ApplyOrganization creates the tenant, empty, and repeating it writes nothing.",
			run: func(s *scene) {
				_, err := s.f.Backend.ListMembers(s.ctx, s.org, "")
				s.refused("list before creation", directory.KindNotFound, err)
				s.loudly("create", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
				s.quietly("repeat", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
				all, complete := s.listIn(s.org)
				same(s, "members of a new organization", all, nil)
				same(s, "that a quiet, whole listing is complete", complete, true)
			},
		},
		{
			name: "change",
			rule: "ApplyOrganization brings the tenant to what is given and leaves what is in it alone.",
			run: func(s *scene) {
				s.furnish()
				s.apply(aMember(s.org, ada))
				s.access(ada, s.wide())
				before := s.observe(ada)
				changed := anOrganization(s.org)
				changed.DisplayName, changed.Mail = "Renamed Practice", directory.MailIdentity{}
				changed.UnknownDelivery = directory.UnknownHold
				s.done("change", s.f.Backend.ApplyOrganization(s.ctx, changed))
				s.quietly("repeat", func() error { return s.f.Backend.ApplyOrganization(s.ctx, changed) })
				same(s, "a member of a changed organization", s.observe(ada), before)
			},
		},
		{
			name: "remove",
			rule: "RemoveOrganization removes the tenant with all that is in it; repeating it succeeds.",
			run:  checkOrganizationRemoved,
		},
		{
			name: "missing",
			rule: "What needs an organization that does not exist is KindNotFound; removing from it succeeds.",
			run:  checkOrganizationMissing,
		},
	}
}

func checkOrganizationRemoved(s *scene) {
	s.furnish()
	s.apply(aMember(s.org, ada))
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	s.done("remove", s.f.Backend.RemoveOrganization(s.ctx, s.org))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveOrganization(s.ctx, s.org) })
	_, err := s.f.Backend.Member(s.ctx, s.org, ada)
	s.refused("observe a member of a removed organization", directory.KindNotFound, err)
	_, err = s.f.Backend.ListMembers(s.ctx, s.org, "")
	s.refused("list a removed organization", directory.KindNotFound, err)

	s.organization()
	same(s, "members of an organization that was created again", s.list(), nil)
	created := s.apply(aMember(s.org, ada))
	same(s, "the state of a member of an organization that was created again", created.State, directory.MemberInvited)
	if a := s.wide(); s.err == nil && len(a.Grants)+len(a.Units) > 0 {
		s.refused("apply access to what went with the organization", directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a))
	}
}

func checkOrganizationMissing(s *scene) {
	b := s.f.Backend
	_, err := b.ApplyMember(s.ctx, aMember(s.org, ada))
	s.refused("apply a member", directory.KindNotFound, err)
	_, err = b.Member(s.ctx, s.org, ada)
	s.refused("observe a member", directory.KindNotFound, err)
	s.refused("apply access", directory.KindNotFound, b.ApplyAccess(s.ctx, s.org, ada, directory.Access{}))
	if needsUnits(s.f) {
		s.refused("apply a unit", directory.KindNotFound, b.ApplyUnit(s.ctx, aUnit(s.org, "north", "")))
		s.quietly("remove a unit", func() error { return b.RemoveUnit(s.ctx, s.org, "north") })
	}
	if needsRoles(s.f) {
		s.refused("apply a role", directory.KindNotFound, b.ApplyRole(s.ctx, aRole(s.org, "lead")))
		s.quietly("remove a role", func() error { return b.RemoveRole(s.ctx, s.org, "lead") })
	}
	for _, how := range []directory.Removal{directory.RemovalDrop, directory.RemovalDisable} {
		s.quietly("remove a member", func() error { return b.RemoveMember(s.ctx, s.org, ada, how) })
	}
	s.quietly("remove the organization", func() error { return b.RemoveOrganization(s.ctx, s.org) })
	_, err = b.ListMembers(s.ctx, s.org, "")
	s.refused("list after all that", directory.KindNotFound, err)
}
