package directorytest

import (
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func memberChecks() []check {
	return []check{
		{
			name: "create",
			rule: "ApplyMember creates the member as given, without access, and repeating it writes nothing.",
			run:  checkMemberCreated,
		},
		{
			name: "change",
			rule: "ApplyMember brings the profile to what is given; the backend's key stays.",
			run:  checkMemberChanged,
		},
		{
			name: "unmanaged",
			rule: "An empty field of a profile is not managed: the backend leaves what it has.",
			run:  checkMemberUnmanaged,
		},
		{
			name: "attributes",
			rule: "Attributes are exactly what is given; nil leaves them, an empty map clears them.",
			run:  checkMemberAttributes,
		},
		{
			name: "missing",
			rule: "Member is KindNotFound when there is none.",
			run: func(s *scene) {
				s.organization()
				s.apply(aMember(s.org, grace))
				s.gone(ada)
			},
		},
		{
			name: "own copy",
			rule: "What a caller does with what it gave or got afterwards changes nothing.",
			run:  checkMemberCopies,
		},
		{
			name: "confirmed name",
			rule: "ConfirmedName is what the person gave, until the declared DisplayName changes.",
			run:  checkConfirmedName,
		},
	}
}

func checkMemberCreated(s *scene) {
	s.organization()
	want := aMember(s.org, ada)
	got := s.apply(want)
	if s.err == nil && got.ID == "" {
		s.failf("the backend gave the member no key")
	}
	same(s, "a new member", got, directory.ObservedMember{Member: want, ID: got.ID})
	s.again(want)
	same(s, "the listing of one member", s.list(), []directory.ObservedMember{got})
}

func checkMemberChanged(s *scene) {
	s.furnish()
	m := aMember(s.org, ada)
	before := s.apply(m)
	s.access(ada, s.wide())
	s.apply(aMember(s.org, grace))
	untouched := s.observe(grace)
	for _, change := range []func(*directory.Profile){
		func(p *directory.Profile) { p.DisplayName = "Ada King" },
		func(p *directory.Profile) { p.GivenName = "Augusta" },
		func(p *directory.Profile) { p.FamilyName = "King" },
		func(p *directory.Profile) { p.Title = "Countess" },
		func(p *directory.Profile) { p.Phone = "+1 555 0100" },
		func(p *directory.Profile) { p.Locale = "fr" },
	} {
		change(&m.Profile)
		var got directory.ObservedMember
		s.loudly("change the profile", func() error {
			got = s.apply(m)
			return nil
		})
		same(s, "a changed profile", got.Profile, m.Profile)
		same(s, "the key of a changed member", got.ID, before.ID)
		same(s, "the access of a changed member", got.Access, s.wide())
		s.again(m)
	}
	same(s, "another member", s.observe(grace), untouched)
}

func checkMemberUnmanaged(s *scene) {
	s.organization()
	full := s.apply(aMember(s.org, ada))
	bare := directory.Member{Organization: s.org, Address: ada, State: directory.MemberInvited}
	s.again(bare)
	same(s, "the member after nothing was managed", s.observe(ada), full)
	bare.Profile.Title = "Countess"
	want := full
	want.Profile.Title = "Countess"
	same(s, "the member after one field was managed", s.apply(bare), want)
	bare.Address, bare.Profile = grace, directory.Profile{}
	same(s, "the profile of a member of whom nothing is managed", s.apply(bare).Profile, directory.Profile{})
	s.again(bare)
}

func checkMemberAttributes(s *scene) {
	s.organization()
	m := aMember(s.org, ada)
	s.apply(m)
	for _, attributes := range []map[string]string{
		{"cost-center": "13", "desk": "7b"},
		{"cost-center": "13"},
		{"wing": "", "desk": "7b"},
		{},
	} {
		m.Profile.Attributes = attributes
		same(s, "attributes", s.apply(m).Profile.Attributes, attributes)
		s.again(m)
	}
}

func checkMemberCopies(s *scene) {
	s.furnish()
	m := aMember(s.org, ada)
	answer := s.apply(m)
	a := s.wide()
	s.access(ada, a)
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	for _, attributes := range []map[string]string{m.Profile.Attributes, answer.Profile.Attributes, before.Profile.Attributes} {
		attributes["desk"] = "overwritten"
	}
	for _, list := range [][]directory.Grant{a.Grants, before.Access.Grants} {
		for i := range list {
			list[i].Role = "overwritten"
		}
	}
	for _, list := range [][]string{a.Units, before.Access.Units} {
		for i := range list {
			list[i] = "overwritten"
		}
	}
	same(s, "the member after a caller wrote into its own copies", s.observe(ada),
		directory.ObservedMember{Member: aMember(s.org, ada), ID: answer.ID, Access: s.wide()})
}

func checkConfirmedName(s *scene) {
	s.organization()
	m := aMember(s.org, ada)
	s.apply(m)
	same(s, "the confirmed name before acceptance", s.observe(ada).ConfirmedName, "")
	s.activate(ada, "Ada L.")
	same(s, "the confirmed name after acceptance", s.observe(ada).ConfirmedName, "Ada L.")
	s.again(m)
	m.Profile.Title = "Countess"
	same(s, "the confirmed name after another field changed", s.apply(m).ConfirmedName, "Ada L.")
	m.Profile.DisplayName = ""
	same(s, "the confirmed name after the display name was not managed", s.apply(m).ConfirmedName, "Ada L.")
	m.Profile.DisplayName = "Ada King"
	same(s, "the confirmed name after the display name changed", s.apply(m).ConfirmedName, "")
	s.again(m)
}

func checkJoined(s *scene, m directory.ObservedMember) time.Time {
	if s.err == nil && m.JoinedAt.IsZero() {
		s.failf("an active member joined at no time")
	}
	return m.JoinedAt
}
