package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func organizationChecks() []check {
	return []check{
		{
			name:  "create",
			rule:  "ApplyOrganization creates the tenant, empty, and repeating it writes nothing.",
			needs: needsMany,
			run:   checkOrganizationCreated,
		},
		{
			name:  "is the system",
			rule:  "Where the system is the tenant, ApplyOrganization succeeds and changes nothing.",
			needs: needsOne,
			run: func(s *scene) {
				for range 2 {
					s.quietly("apply", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
				}
				all, complete := s.listIn(s.org)
				same(s, "members of a new organization", all, nil)
				same(s, "that a quiet, whole listing is complete", complete, true)
			},
		},
		{
			name: "change",
			rule: "ApplyOrganization brings the tenant to what is given and leaves what is in it alone.",
			run:  checkOrganizationChanged,
		},
		{
			name:  "remove",
			rule:  "RemoveOrganization removes the tenant with all that is in it; repeating it succeeds.",
			needs: needsMany,
			run:   checkOrganizationRemoved,
		},
		{
			name:  "remove what is ours",
			rule:  "RemoveOrganization leaves nothing that was created or adopted; repeating it succeeds.",
			needs: needsAway,
			run:   checkOrganizationEmptied,
		},
		{
			name:  "missing",
			rule:  "What needs an organization that does not exist is KindNotFound; removing from it succeeds.",
			needs: needsMany,
			run:   checkOrganizationMissing,
		},
	}
}

// checkOrganizationEmptied is the rule for every tenancy.
func checkOrganizationEmptied(s *scene) {
	s.furnish()
	for _, address := range []string{ada, grace} {
		s.apply(s.member(address))
		s.access(address, s.wide())
	}
	s.activate(ada, "Ada")
	if s.err != nil {
		return
	}
	s.done("remove", s.f.Backend.RemoveOrganization(s.ctx, s.org))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveOrganization(s.ctx, s.org) })
	s.organization()
	same(s, "members of an organization that was removed and applied again", s.list(), nil)
	got := s.apply(s.member(ada))
	same(s, "a member of an organization that was removed and applied again", got,
		directory.ObservedMember{Member: s.member(ada), ID: got.ID})
	if a := s.checked(s.wide()); s.err == nil && len(a.Grants)+len(a.Units) > 0 {
		s.refused("apply access to what went with the organization", directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a))
	}
}

func checkOrganizationRemoved(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	s.done("remove", s.f.Backend.RemoveOrganization(s.ctx, s.org))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveOrganization(s.ctx, s.org) })
	_, err := s.f.Backend.Member(s.ctx, s.org, ada)
	s.refused("observe a member of a removed organization", directory.KindNotFound, err)
	_, err = s.f.Backend.ListMembers(s.ctx, s.org, "")
	s.refused("list a removed organization", directory.KindNotFound, err)
}

func checkOrganizationMissing(s *scene) {
	b := s.f.Backend
	_, err := b.ApplyMember(s.ctx, s.member(ada))
	s.refused("apply a member", directory.KindNotFound, err)
	_, err = b.Member(s.ctx, s.org, ada)
	s.refused("observe a member", directory.KindNotFound, err)
	s.refused("apply access", directory.KindNotFound, b.ApplyAccess(s.ctx, s.org, ada, directory.Access{}))
	if s.can.Units {
		s.refused("apply a unit", directory.KindNotFound, b.ApplyUnit(s.ctx, aUnit(s.org, "north", "")))
		s.quietly("remove a unit", func() error { return b.RemoveUnit(s.ctx, s.org, "north") })
	}
	if s.can.Roles {
		s.refused("apply a role", directory.KindNotFound, b.ApplyRole(s.ctx, aRole(s.org, "lead")))
		s.quietly("remove a role", func() error { return b.RemoveRole(s.ctx, s.org, "lead") })
	}
	for _, how := range s.can.Removals {
		s.quietly("remove a member", func() error { return b.RemoveMember(s.ctx, s.org, ada, how) })
	}
	s.quietly("remove the organization", func() error { return b.RemoveOrganization(s.ctx, s.org) })
	_, err = b.ListMembers(s.ctx, s.org, "")
	s.refused("list after all that", directory.KindNotFound, err)
}

func checkOrganizationCreated(s *scene) {
	_, err := s.f.Backend.ListMembers(s.ctx, s.org, "")
	s.refused("list before creation", directory.KindNotFound, err)
	s.loudly("create", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
	s.quietly("repeat", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
	all, complete := s.listIn(s.org)
	same(s, "members of a new organization", all, nil)
	same(s, "that a quiet, whole listing is complete", complete, true)
}

func checkOrganizationChanged(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	before := s.observe(ada)
	changed := anOrganization(s.org)
	changed.DisplayName, changed.Mail = "Renamed Practice", directory.MailIdentity{}
	changed.UnknownDelivery = directory.UnknownHold
	s.done("change", s.f.Backend.ApplyOrganization(s.ctx, changed))
	s.quietly("repeat", func() error { return s.f.Backend.ApplyOrganization(s.ctx, changed) })
	same(s, "a member of a changed organization", s.observe(ada), before)
}
