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
			name: "addresses",
			rule: "An address is a key and nothing else, whatever characters it holds.",
			run:  checkHostileAddresses,
		},
		{
			name:  "units and roles",
			rule:  "Display names and permissions are text and nothing else.",
			needs: needsBoth,
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
			Profile: directory.Profile{
				DisplayName: text, GivenName: text, FamilyName: text, Title: text,
				Attributes: map[string]string{"text": text, text: "key"},
			},
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
	for _, a := range addresses {
		s.apply(directory.Member{Organization: s.org, Address: a, State: directory.MemberInvited, Profile: directory.Profile{Title: a}})
	}
	for i, a := range addresses {
		same(s, "the title of the member with this address", s.observe(a).Profile.Title, a)
		s.access(a, s.wide())
		s.remove(a, directory.RemovalDisable)
		s.remove(a, directory.RemovalDrop)
		s.gone(a)
		left := s.list()
		same(s, "how many are left after one is removed", len(left), len(addresses)-i-1)
		for _, m := range left {
			same(s, "another member after one with a special address is removed", [2]string{m.Address, string(m.State)},
				[2]string{m.Profile.Title, string(directory.MemberInvited)})
		}
	}
}

func checkHostileNames(s *scene) {
	s.furnish()
	s.apply(aMember(s.org, ada))
	s.access(ada, s.wide())
	before := s.observe(ada)
	for _, text := range hostileTexts() {
		o, u, r := anOrganization(s.org), aUnit(s.org, "south", ""), aRole(s.org, "lead")
		o.DisplayName, u.DisplayName, r.DisplayName = text, text, text
		r.Permissions = []string{text, "zz"}
		for step, apply := range map[string]func() error{
			"an organization": func() error { return s.f.Backend.ApplyOrganization(s.ctx, o) },
			"a unit":          func() error { return s.f.Backend.ApplyUnit(s.ctx, u) },
			"a role":          func() error { return s.f.Backend.ApplyRole(s.ctx, r) },
		} {
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
