package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func isolationChecks() []check {
	return []check{
		{
			name: "organizations",
			rule: "A call touches only the organization that it is given.",
			run:  checkIsolation,
		},
		{
			name:  "roles and units",
			rule:  "Roles and units of one organization are not there in another.",
			needs: needsBoth,
			run: func(s *scene) {
				s.furnish()
				s.org = s.other()
				s.organization()
				s.apply(aMember(s.org, ada))
				if s.err != nil {
					return
				}
				for _, a := range []directory.Access{
					{Units: []string{"north"}},
					{Grants: []directory.Grant{{Role: "lead"}}},
				} {
					s.refused("apply access to what another organization has", directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a))
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
		s.apply(aMember(org, ada))
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

type deed struct {
	what string
	do   func() error
}

// deedsIn are ways to change an organization, the last of which ends it.
func deedsIn(s *scene, org directory.OrganizationID) []deed {
	b, ctx := s.f.Backend, s.ctx
	changed := aMember(org, ada)
	changed.Profile.Title = "Countess"
	deeds := []deed{
		{"change a member", func() error { _, err := b.ApplyMember(ctx, changed); return err }},
		{"add a member", func() error { _, err := b.ApplyMember(ctx, aMember(org, grace)); return err }},
		{"take access away", func() error { return b.ApplyAccess(ctx, org, ada, directory.Access{}) }},
		{"give access", func() error { return b.ApplyAccess(ctx, org, ada, s.wide()) }},
		{"disable a member", func() error { return b.RemoveMember(ctx, org, ada, directory.RemovalDisable) }},
	}
	if needsRoles(s.f) {
		deeds = append(deeds, deed{"remove a role", func() error { return b.RemoveRole(ctx, org, "clinician") }})
	}
	if needsUnits(s.f) {
		deeds = append(deeds, deed{"remove a unit", func() error { return b.RemoveUnit(ctx, org, "south") }},
			deed{"remove a parent unit", func() error { return b.RemoveUnit(ctx, org, "north") }})
	}
	return append(deeds,
		deed{"drop a member", func() error { return b.RemoveMember(ctx, org, ada, directory.RemovalDrop) }},
		deed{"remove the organization", func() error { return b.RemoveOrganization(ctx, org) }})
}
