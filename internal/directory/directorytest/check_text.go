package directorytest

import (
	"fmt"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func textChecks() []check {
	return []check{
		{
			name: "profiles",
			rule: "Text from outside comes back as it was given, or is refused as KindInvalid; it is never altered.",
			run:  checkHostileProfiles,
		},
		{
			name:  "addresses",
			rule:  "An address is a key and nothing else, whatever characters it holds.",
			needs: needsAway,
			run:   checkHostileAddresses,
		},
		{
			name:  "units and roles",
			rule:  "Display names and permissions are text and nothing else.",
			needs: needsEither,
			run:   checkHostileNames,
		},
	}
}

// hostileTexts are what people and attackers write into names.
func hostileTexts() []string {
	return []string{
		"Robert'); DROP TABLE members;--", `"quoted" \"escaped\" \\`, "${jndi:ldap://x}", "{{.}}", "%s%d%n", "$1", ":name", "?",
		"<script>alert(1)</script>", "a\r\nBcc: everybody@example.com", "tab\tand\vmore", "\x00nul", "half\xff\xfeUTF-8",
		"null", "NULL", "true", "0", " leading and trailing ", "\u200bzero width", "\u202eright to left", "e\u0301 and é",
		"日本語 🧑‍⚕️", "\u2028line", "[]", "{}", "a,b;c|d", strings.Repeat("long ", 200),
	}
}

func checkHostileProfiles(s *scene) {
	s.organization()
	for i, text := range hostileTexts() {
		if s.err != nil {
			return
		}
		m := directory.Member{
			Organization: s.org,
			Address:      fmt.Sprintf("person-%d@example.com", i),
			State:        directory.MemberInvited,
			Profile: kept(s.can, directory.Profile{
				DisplayName: text, GivenName: text, FamilyName: text, Title: text,
				Attributes: map[string]string{"text": text, text: "key"},
			}),
		}
		for _, name := range attributeNames(s.can) {
			m.Profile.Attributes[name] = text
		}
		_, err := s.f.Backend.ApplyMember(s.ctx, m)
		if directory.IsKind(err, directory.KindInvalid) {
			s.gone(m.Address)
			continue
		}
		s.done(fmt.Sprintf("apply a profile with %.40q", text), err)
		same(s, fmt.Sprintf("a profile with %.40q", text), s.observe(m.Address).Profile, m.Profile)
		s.again(m)
	}
}

func checkHostileAddresses(s *scene) {
	s.furnish()
	addresses := []string{
		"a_b@example.com", "aab@example.com", "a%b@example.com", "a%@example.com", "'or'1'='1'--@example.com", "o'brien@example.com",
		"a/b@example.com", "a?b=c&d@example.com", "a+b@example.com", "{a}@example.com", "a|b@example.com", "*@example.com", "a@xn--bcher-kva.example",
	}
	left := map[string]directory.ObservedMember{}
	for _, a := range addresses {
		m := directory.Member{Organization: s.org, Address: a, State: directory.MemberInvited}
		if text := s.managed(&m.Profile); text != nil {
			*text = a
		}
		left[a] = s.apply(m)
		same(s, "a member with a special address", left[a].Member, m)
	}
	for _, a := range addresses {
		same(s, "the member with this address", s.observe(a), left[a])
		s.access(a, s.wide())
		s.remove(a, s.away())
		s.gone(a)
		delete(left, a)
		all := map[string]directory.ObservedMember{}
		for _, m := range s.list() {
			all[m.Address] = m
		}
		same(s, "the others after one with a special address is removed", all, left)
	}
}

func checkHostileNames(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	before := s.observe(ada)
	for _, text := range hostileTexts() {
		o, u, r := anOrganization(s.org), aUnit(s.org, "south", ""), aRole(s.org, "lead")
		o.DisplayName, u.DisplayName, r.DisplayName = text, text, text
		r.Permissions = []string{text, "zz"}
		steps := map[string]func() error{"an organization": func() error { return s.f.Backend.ApplyOrganization(s.ctx, o) }}
		if s.can.Units {
			steps["a unit"] = func() error { return s.f.Backend.ApplyUnit(s.ctx, u) }
		}
		if s.can.Roles {
			steps["a role"] = func() error { return s.f.Backend.ApplyRole(s.ctx, r) }
		}
		for step, apply := range steps {
			if s.err != nil {
				return
			}
			if err := apply(); directory.IsKind(err, directory.KindInvalid) {
				continue
			}
			s.quietly(fmt.Sprintf("repeat %s with %.40q", step, text), apply)
		}
	}
	same(s, "a member with access to what was renamed", s.observe(ada), before)
}
