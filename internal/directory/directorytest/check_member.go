package directorytest

import (
	"maps"
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
			name:  "attributes",
			rule:  "Attributes are exactly what is given; nil leaves them, an empty map clears them.",
			needs: func(_ Fixture, can directory.Capabilities) bool { return len(attributeNames(can)) > 0 },
			run:   checkMemberAttributes,
		},
		{
			name:  "fields not kept",
			rule:  "Fields that are not in Fields are not looked at: they change nothing.",
			needs: func(_ Fixture, can directory.Capabilities) bool { return len(can.Unkept(everyField())) > 0 },
			run:   checkMemberUnkept,
		},
		{
			name: "missing",
			rule: "Member is KindNotFound when there is none.",
			run: func(s *scene) {
				s.organization()
				s.apply(s.member(grace))
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
	want := s.member(ada)
	got := s.apply(want)
	same(s, "a new member", got, directory.ObservedMember{Member: want, ID: got.ID})
	s.again(want)
	same(s, "the listing of one member", s.list(), []directory.ObservedMember{got})
}

func checkMemberChanged(s *scene) {
	s.furnish()
	m := s.member(ada)
	before := s.apply(m)
	s.access(ada, s.wide())
	s.apply(s.member(grace))
	untouched := s.observe(grace)
	for field, text := range map[directory.ProfileField]string{
		directory.FieldDisplayName: "Ada King",
		directory.FieldGivenName:   "Augusta",
		directory.FieldFamilyName:  "King",
		directory.FieldTitle:       "Countess",
		directory.FieldPhone:       "+1 555 0100",
		directory.FieldLocale:      "fr",
	} {
		if !s.can.Keeps(field) {
			continue
		}
		*texts(&m.Profile)[field] = text
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
	full := s.apply(s.member(ada))
	bare := directory.Member{Organization: s.org, Address: ada, State: directory.MemberInvited}
	s.again(bare)
	same(s, "the member after nothing was managed", s.observe(ada), full)
	want := full
	want.Member = s.retitled(want.Member)
	same(s, "the member after one field was managed", s.apply(s.retitled(bare)), want)
	bare.Address = grace
	s.apply(bare)
	s.again(bare)
}

func checkMemberAttributes(s *scene) {
	s.organization()
	m := s.member(ada)
	s.apply(m)
	names := attributeNames(s.can)
	first, last := names[0], names[len(names)-1]
	sets := []map[string]string{{first: "13", last: "14"}, {first: "13"}, {last: "15"}, {}}
	if s.can.Keeps(directory.FieldAttributes) {
		sets = append(sets, map[string]string{"wing": "", last: "7b"})
	}
	for _, attributes := range sets {
		m.Profile.Attributes = attributes
		same(s, "attributes", s.apply(m).Profile.Attributes, attributes)
		s.again(m)
	}
}

// everyField is a profile with all fields, and an attribute that nobody knows.
func everyField() directory.Profile {
	p := aMember("", ada).Profile
	p.Attributes["nobody-knows"] = "unknown"
	return p
}

func checkMemberUnkept(s *scene) {
	s.organization()
	m := s.member(ada)
	want := s.apply(m)
	full := directory.Member{Organization: s.org, Address: ada, State: directory.MemberInvited, Profile: everyField()}
	maps.Copy(full.Profile.Attributes, m.Profile.Attributes)
	s.quietly("apply the same with fields that are not kept", func() error {
		_, err := s.f.Backend.ApplyMember(s.ctx, full)
		return err
	})
	same(s, "a member with fields that are not kept", s.observe(ada), want)
	full.Address = grace
	got := s.apply(full)
	same(s, "a new member with fields that are not kept", got.Profile, m.Profile)
	s.again(full)
	for field, text := range texts(&full.Profile) {
		if !s.can.Keeps(field) {
			*text = "changed"
		}
	}
	full.Profile.Attributes["nobody-knows"] = "changed"
	s.quietly("change what is not kept", func() error {
		_, err := s.f.Backend.ApplyMember(s.ctx, full)
		return err
	})
}

func checkMemberCopies(s *scene) {
	s.furnish()
	m := s.member(ada)
	answer := s.apply(m)
	a := s.wide()
	s.access(ada, a)
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	for _, attributes := range []map[string]string{m.Profile.Attributes, answer.Profile.Attributes, before.Profile.Attributes} {
		for name := range attributes {
			attributes[name] = "overwritten"
		}
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
		directory.ObservedMember{Member: s.member(ada), ID: answer.ID, Access: s.wide()})
}

func checkConfirmedName(s *scene) {
	s.organization()
	m := s.member(ada)
	s.apply(m)
	same(s, "the confirmed name before acceptance", s.observe(ada).ConfirmedName, "")
	s.activate(ada, "Ada L.")
	same(s, "the confirmed name after acceptance", s.observe(ada).ConfirmedName, "Ada L.")
	s.again(m)
	same(s, "the confirmed name after another field changed", s.apply(s.retitled(m)).ConfirmedName, "Ada L.")
	bare := directory.Member{Organization: s.org, Address: ada, State: directory.MemberInvited}
	same(s, "the confirmed name after the display name was not managed", s.apply(bare).ConfirmedName, "Ada L.")
	if s.apply(m); !s.can.Keeps(directory.FieldDisplayName) {
		return
	}
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
