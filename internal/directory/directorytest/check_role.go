package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func roleChecks() []check {
	return []check{
		{
			name:  "change",
			rule:  "ApplyRole creates the role or brings it to what is given; repeating it writes nothing.",
			needs: needsRoles,
			run:   checkRoleChanged,
		},
		{
			name:  "permissions left to us",
			rule:  "Where it is not kept what a role permits, a change of that writes nothing.",
			needs: every(needsRoles, func(_ Fixture, can directory.Capabilities) bool { return !can.Permissions }),
			run: func(s *scene) {
				s.furnish()
				role := aRole(s.org, "lead")
				role.Permissions = []string{"members.invite"}
				s.quietly("change what it permits", func() error { return s.f.Backend.ApplyRole(s.ctx, role) })
			},
		},
		{
			name:  "remove",
			rule:  "RemoveRole removes every grant of the role, for good; repeating it succeeds.",
			needs: needsRoles,
			run:   checkRoleRemoved,
		},
	}
}

func checkRoleChanged(s *scene) {
	s.organization()
	role := aRole(s.org, "lead")
	s.change("create", s.can.Permissions, func() error { return s.f.Backend.ApplyRole(s.ctx, role) })
	s.quietly("repeat", func() error { return s.f.Backend.ApplyRole(s.ctx, role) })
	s.apply(s.member(ada))
	s.access(ada, directory.Access{Grants: []directory.Grant{{Role: "lead"}}})
	before := s.observe(ada)
	renamed, widened, narrowed, raised := role, role, role, role
	renamed.DisplayName = "Team Lead"
	widened.Permissions = []string{"members.invite", "notes.read", "notes.sign"}
	narrowed.Permissions = nil
	raised.Level = directory.LevelOrganization
	for _, r := range []directory.Role{renamed, widened, narrowed, raised, role} {
		s.change("change", s.can.Permissions, func() error { return s.f.Backend.ApplyRole(s.ctx, r) })
		s.quietly("repeat a change", func() error { return s.f.Backend.ApplyRole(s.ctx, r) })
	}
	same(s, "a member with a changed role", s.observe(ada), before)
}

func checkRoleRemoved(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	full := s.wide()
	full.Grants = append(full.Grants, directory.Grant{Role: "lead"})
	s.access(ada, full)
	if s.err != nil {
		return
	}
	s.done("remove", s.f.Backend.RemoveRole(s.ctx, s.org, "clinician"))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveRole(s.ctx, s.org, "clinician") })
	left := directory.Access{Units: full.Units}
	for _, g := range full.Grants {
		if g.Role != "clinician" {
			left.Grants = append(left.Grants, g)
		}
	}
	same(s, "access after one of its roles is removed", s.observe(ada).Access, left)
	s.role("clinician")
	same(s, "access after the role is created again", s.observe(ada).Access, left)
}
