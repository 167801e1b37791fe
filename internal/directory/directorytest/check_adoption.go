package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func adoptionChecks() []check {
	return []check{
		{
			name:  "listed",
			rule:  "Whoever was in the system before is observed and listed, active or not, without access of ours.",
			needs: needsPlant,
			run:   checkPlantedListed,
		},
		{
			name:  "adopt",
			rule:  "ApplyMember adopts whoever has the address: the key and all that is not managed stay.",
			needs: needsPlant,
			run:   checkAdopted,
		},
		{
			name:  "inactive",
			rule:  "Adopting somebody who is not active lets nobody in before an acceptance.",
			needs: needsPlant,
			run:   checkInactiveAdopted,
		},
		{
			name:  "access",
			rule:  "Groups of the system's own are neither observed nor changed, and access of ours is exact beside them.",
			needs: every(needsPlant, needsEither),
			run:   checkAccessBesideForeign,
		},
		{
			name:  "remove",
			rule:  "RemoveMember is about whoever has the address, adopted or not.",
			needs: every(needsPlant, needsAway),
			run:   checkPlantedRemoved,
		},
		{
			name:  "organization removed",
			rule:  "Where the system is the tenant, RemoveOrganization leaves alone whoever was not created or adopted.",
			needs: every(needsPlant, needsOne, needsAway),
			run:   checkForeignLeft,
		},
	}
}

// plant puts people into the organization's system, the first of them active.
func (s *scene) plant(addresses ...string) {
	for i, address := range addresses {
		if s.err == nil {
			s.done("plant somebody", s.f.Plant(s.ctx, s.org, address, i == 0))
		}
	}
}

// foreign describes what is not ours; nothing without the hook.
func (s *scene) foreign() string {
	if s.f.Foreign == nil || s.err != nil {
		return ""
	}
	text, err := s.f.Foreign(s.ctx, s.org)
	s.done("describe what is not ours", err)
	return text
}

// bareMember is a declaration that manages nothing but that the person is in.
func (s *scene) bareMember(address string) directory.Member {
	return directory.Member{Organization: s.org, Address: address, State: directory.MemberInvited}
}

func checkPlantedListed(s *scene) {
	s.organization()
	s.plant(ada, grace)
	listed := map[string]directory.ObservedMember{}
	for _, m := range s.list() {
		listed[m.Address] = m
	}
	for address, active := range map[string]bool{ada: true, grace: false} {
		got := s.observe(address)
		same(s, "somebody who was in the system, as listed", listed[address], got)
		same(s, "whether that somebody is active", got.State == directory.MemberActive, active)
		same(s, "the access of somebody who was in the system", got.Access, directory.Access{})
		if s.err == nil && got.ID == "" {
			s.failf("somebody who was in the system has no key")
		}
	}
}

func checkAdopted(s *scene) {
	s.organization()
	s.plant(ada)
	own, key := s.foreign(), s.observe(ada).ID
	got := s.apply(s.bareMember(ada))
	same(s, "the key of somebody who was adopted", got.ID, key)
	same(s, "the state of an active person who was adopted", got.State, directory.MemberActive)
	checkJoined(s, got)
	s.again(s.bareMember(ada))
	want := got
	want.Profile = s.member(ada).Profile
	want.ConfirmedName = ""
	same(s, "an adopted person whose profile is managed", s.apply(s.member(ada)), want)
	s.again(s.member(ada))
	same(s, "what is not managed of somebody who was adopted", s.foreign(), own)
	same(s, "the listing with somebody who was adopted", s.list(), []directory.ObservedMember{want})
}

func checkInactiveAdopted(s *scene) {
	s.organization()
	s.plant(grace, ada)
	key := s.observe(ada).ID
	got := s.apply(s.member(ada))
	same(s, "the key of an inactive person who was adopted", got.ID, key)
	same(s, "the state of an inactive person who was adopted", got.State, directory.MemberInvited)
	s.again(s.member(ada))
	s.activate(ada, "Ada")
	got = s.observe(ada)
	same(s, "the key after acceptance", got.ID, key)
	same(s, "the state after acceptance", got.State, directory.MemberActive)
}

func checkAccessBesideForeign(s *scene) {
	s.furnish()
	s.plant(ada)
	own := s.foreign()
	s.apply(s.bareMember(ada))
	for _, a := range []directory.Access{s.wide(), {}} {
		s.access(ada, a)
		same(s, "the access of somebody who was adopted", s.observe(ada).Access, a)
		s.quietly("repeat", func() error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a) })
		same(s, "what is not ours after access was given", s.foreign(), own)
	}
	s.access(ada, s.wide())
	if s.err != nil {
		return
	}
	if s.can.Units {
		s.done("remove a unit", s.f.Backend.RemoveUnit(s.ctx, s.org, "south"))
	}
	if s.can.Roles {
		s.done("remove a role", s.f.Backend.RemoveRole(s.ctx, s.org, "clinician"))
	}
	same(s, "what is not ours after units and roles were removed", s.foreign(), own)
}

func checkPlantedRemoved(s *scene) {
	s.furnish()
	s.plant(ada, grace)
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	for _, address := range []string{ada, grace} {
		s.remove(address, s.away())
		s.gone(address)
	}
}

func checkForeignLeft(s *scene) {
	s.furnish()
	s.plant(ada)
	own := s.foreign()
	if s.err == nil {
		s.done("plant somebody else", s.f.Plant(s.ctx, s.org, grace, true))
	}
	s.apply(s.member("created@example.com"))
	s.apply(s.member(grace))
	s.access(grace, s.wide())
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	s.done("remove", s.f.Backend.RemoveOrganization(s.ctx, s.org))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveOrganization(s.ctx, s.org) })
	s.organization()
	same(s, "who is left of a system whose organization was removed", s.list(), []directory.ObservedMember{before})
	same(s, "what is not ours after the organization was removed", s.foreign(), own)
}
