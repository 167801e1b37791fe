package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func isolationChecks() []check {
	return []check{
		{
			name:  "organizations",
			rule:  "A call touches only the organization that it is given.",
			needs: needsMany,
			run:   checkIsolation,
		},
		{
			name:  "cursor",
			rule:  "With another organization's cursor nobody of that organization is listed.",
			needs: needsMany,
			run:   checkForeignCursor,
		},
		{
			name:  "roles and units",
			rule:  "Roles and units of one organization are not there in another.",
			needs: every(needsMany, needsEither),
			run: func(s *scene) {
				s.furnish()
				s.org = s.other()
				s.organization()
				s.apply(s.member(ada))
				if s.err != nil {
					return
				}
				for _, a := range []directory.Access{
					{Units: []string{"north"}},
					{Grants: []directory.Grant{{Role: "lead"}}},
				} {
					if a = s.checked(s.holdable(a)); len(a.Units)+len(a.Grants) == 0 {
						continue
					}
					s.refused("apply access to what another organization has", directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a))
				}
				if !s.can.NestedUnits {
					return
				}
				s.refused("put a unit below another organization's", directory.KindNotFound, s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, "ward", "north")))
			},
		},
	}
}

// checkIsolation makes two organizations alike and checks that whatever is
// done to one leaves the other as it was.
func checkIsolation(s *scene) {
	one, two := s.org, s.other()
	for _, org := range []directory.OrganizationID{one, two} {
		s.org = org
		s.furnish()
		s.apply(s.memberIn(org, ada))
		s.access(ada, s.wide())
		s.activate(ada, "Ada")
	}
	s.org = two
	before := s.list()
	for _, deed := range deedsIn(s, one) {
		if s.err != nil {
			return
		}
		s.done(deed.what, deed.do())
		same(s, "the other organization after: "+deed.what, s.list(), before)
	}
	s.access(ada, s.wide())
	same(s, "the other organization after all that", s.list(), before)
}

func checkForeignCursor(s *scene) {
	one, two := s.org, s.other()
	s.organization()
	s.crowd(s.can.PageSize + 1)
	s.org = two
	s.organization()
	s.apply(s.member(grace))
	if s.err != nil {
		return
	}
	page, err := s.f.Backend.ListMembers(s.ctx, one, "")
	s.done("list the first page", err)
	page, err = s.f.Backend.ListMembers(s.ctx, two, page.Next)
	switch directory.KindOf(err) {
	case directory.KindInvalid, directory.KindConflict:
		return
	}
	s.done("list from another organization's cursor", err)
	for _, m := range page.Members {
		same(s, "who is listed from another organization's cursor", m.Address, grace)
	}
}

type deed struct {
	what string
	do   func() error
}

// deedsIn are ways to change an organization, the last of which ends it.
func deedsIn(s *scene, org directory.OrganizationID) []deed {
	b, ctx := s.f.Backend, s.ctx
	changed := s.retitled(s.memberIn(org, ada))
	deeds := []deed{
		{"change a member", func() error { _, err := b.ApplyMember(ctx, changed); return err }},
		{"add a member", func() error { _, err := b.ApplyMember(ctx, s.memberIn(org, grace)); return err }},
		{"take access away", func() error { return b.ApplyAccess(ctx, org, ada, directory.Access{}) }},
		{"give access", func() error { return b.ApplyAccess(ctx, org, ada, s.wide()) }},
	}
	if needsDisable(s.f, s.can) {
		deeds = append(deeds, deed{"disable a member", func() error { return b.RemoveMember(ctx, org, ada, directory.RemovalDisable) }})
	}
	if s.can.Roles {
		deeds = append(deeds, deed{"remove a role", func() error { return b.RemoveRole(ctx, org, "clinician") }})
	}
	if s.can.Units {
		deeds = append(deeds, deed{"remove a unit", func() error { return b.RemoveUnit(ctx, org, "south") }},
			deed{"remove a parent unit", func() error { return b.RemoveUnit(ctx, org, "north") }})
	}
	return append(deeds,
		deed{"drop a member", func() error { return b.RemoveMember(ctx, org, ada, s.away()) }},
		deed{"remove the organization", func() error { return b.RemoveOrganization(ctx, org) }})
}
