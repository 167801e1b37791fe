package directorytest

import (
	"cmp"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func stateChecks() []check {
	return []check{
		{
			name: "invited keeps active",
			rule: "MemberInvited never takes an active member out again.",
			run:  checkInvitedKeepsActive,
		},
		{
			name: "active",
			rule: "MemberActive is absolute: it brings in who was invited, unknown or disabled.",
			run:  checkActiveAbsolute,
		},
		{
			name: "disabled",
			rule: "MemberDisabled is absolute, and forgets nothing.",
			run:  checkDisabledAbsolute,
		},
		{
			name: "enable by invited",
			rule: "MemberInvited lifts a disablement: who had joined is active again, anybody else is invited.",
			run:  checkInvitedLiftsDisabled,
		},
	}
}

// in returns the declaration with another state.
func in(state directory.MemberState, m directory.Member) directory.Member {
	m.State = state
	return m
}

func checkInvitedKeepsActive(s *scene) {
	s.organization()
	m := s.member(ada)
	invited := s.apply(m)
	same(s, "when an invited member joined", invited.JoinedAt.IsZero(), true)
	s.activate(ada, "Ada")
	active := s.observe(ada)
	same(s, "the state after acceptance", active.State, directory.MemberActive)
	same(s, "the key after acceptance", active.ID, keyFrom(invited, active))
	checkJoined(s, active)
	s.again(m)
	same(s, "an active member who is declared invited", s.observe(ada), active)
	m = s.retitled(m)
	want := active
	want.Profile = m.Profile
	same(s, "an active member whose profile changes", s.apply(m), want)
}

func checkActiveAbsolute(s *scene) {
	s.organization()
	for _, before := range []directory.MemberState{"", directory.MemberInvited, directory.MemberDisabled} {
		m := s.member("was-" + strings.ToLower(string(before)) + "@example.com")
		if before != "" {
			s.apply(in(before, m))
		}
		m.State = directory.MemberActive
		got := s.apply(m)
		same(s, "the state of a member who was "+string(before), got.State, directory.MemberActive)
		checkJoined(s, got)
		s.again(m)
	}
}

func checkDisabledAbsolute(s *scene) {
	s.furnish()
	for _, before := range []directory.MemberState{"", directory.MemberInvited, directory.MemberActive} {
		m := s.member("was-" + strings.ToLower(string(before)) + "@example.com")
		var want directory.ObservedMember
		if before != "" {
			s.apply(in(before, m))
			s.access(m.Address, s.wide())
			want = s.observe(m.Address)
		}
		m.State = directory.MemberDisabled
		got := s.apply(m)
		same(s, "the state of a member who was "+string(before), got.State, directory.MemberDisabled)
		s.again(m)
		if before == "" {
			same(s, "when a member who was never in joined", got.JoinedAt.IsZero(), true)
			continue
		}
		want.State = directory.MemberDisabled
		same(s, "what is remembered of a disabled member", got, want)
		want.State = directory.MemberActive
		got = s.apply(in(directory.MemberActive, m))
		if before == directory.MemberInvited {
			want.JoinedAt = checkJoined(s, got)
			want.ID = keyFrom(want, got)
		}
		same(s, "a member who is enabled again", got, want)
	}
}

func checkInvitedLiftsDisabled(s *scene) {
	s.organization()
	joined, pending := s.member(ada), s.member(grace)
	for _, m := range []directory.Member{joined, pending} {
		s.apply(m)
	}
	s.activate(ada, "Ada")
	for _, m := range []directory.Member{joined, pending} {
		want := s.observe(m.Address)
		s.apply(in(directory.MemberDisabled, m))
		same(s, "a member who is declared invited after being disabled", s.apply(m), want)
		s.again(m)
	}
}

// keyFrom is the key that somebody has later on: the one that they had. Whom the
// system did not have while they were invited gets one on acceptance.
func keyFrom(before, later directory.ObservedMember) string {
	return cmp.Or(before.ID, later.ID)
}
