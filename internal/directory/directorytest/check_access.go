package directorytest

import (
	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func accessChecks() []check {
	return []check{
		{
			name: "while invited",
			rule: "Access is kept while a member is invited, and there at once on acceptance.",
			run:  checkAccessWhileInvited,
		},
		{
			name:  "exact",
			rule:  "ApplyAccess makes access exactly what is given; repeating it writes nothing.",
			needs: needsEither,
			run:   checkAccessExact,
		},
		{
			name:  "units",
			rule:  "Units are a set.",
			needs: needsUnits,
			run: func(s *scene) {
				checkAccessSet(s, directory.Access{Units: []string{"north", "south"}}, directory.Access{Units: []string{"south", "north", "south"}})
			},
		},
		{
			name:  "grants",
			rule:  "Grants are a set.",
			needs: needsRoles,
			run: func(s *scene) {
				lead, clinician := directory.Grant{Role: "lead"}, directory.Grant{Role: "clinician"}
				checkAccessSet(s, directory.Access{Grants: []directory.Grant{lead, clinician}},
					directory.Access{Grants: []directory.Grant{clinician, clinician, lead}})
			},
		},
		{
			name: "atomic",
			rule: "ApplyAccess changes nothing when the member, a role or a unit does not exist.",
			run:  checkAccessAtomic,
		},
		{
			name:  "no grants in units",
			rule:  "Where a role cannot be granted within a unit, that is KindUnsupported, and changes nothing.",
			needs: every(needsBoth, func(_ Fixture, can directory.Capabilities) bool { return !can.UnitGrants }),
			run: func(s *scene) {
				s.furnish()
				s.unsupported(directory.Access{Grants: []directory.Grant{{Role: "lead"}, {Role: "lead", Unit: "north"}}, Units: []string{"north"}})
			},
		},
		{
			name: "left alone",
			rule: "ApplyMember leaves access alone, and ApplyAccess leaves profile and state alone.",
			run:  checkAccessLeftAlone,
		},
	}
}

func checkAccessWhileInvited(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	got := s.observe(ada)
	same(s, "the access of an invited member", got.Access, s.wide())
	same(s, "the state of an invited member with access", got.State, directory.MemberInvited)
	s.activate(ada, "Ada")
	same(s, "access after acceptance", s.observe(ada).Access, s.wide())
}

func checkAccessExact(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.apply(s.member(grace))
	s.access(grace, s.wide())
	var before directory.Access
	for _, a := range []directory.Access{
		s.wide(),
		{Grants: []directory.Grant{{Role: "lead"}}, Units: []string{"north"}},
		{Grants: []directory.Grant{{Role: "lead", Unit: "north"}}, Units: []string{"north", "south"}},
		{Units: []string{"south"}},
		{Grants: []directory.Grant{{Role: "clinician", Unit: "ward"}, {Role: "clinician"}}},
		{},
	} {
		a = s.holdable(a)
		if !cmp.Equal(before, a, asSets()...) {
			s.loudly("apply access", func() error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a) })
		}
		before = a
		same(s, "access", s.observe(ada).Access, a)
		s.quietly("repeat", func() error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a) })
	}
	same(s, "the access of another member", s.observe(grace).Access, s.wide())
}

// checkAccessSet applies the same set twice, written differently.
func checkAccessSet(s *scene, plain, shuffled directory.Access) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, shuffled)
	same(s, "a set with an element twice", s.observe(ada).Access, plain)
	for _, a := range []directory.Access{plain, shuffled} {
		s.quietly("apply the same set", func() error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a) })
	}
}

func checkAccessAtomic(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	before := s.observe(ada)
	if s.err != nil {
		return
	}
	for _, a := range []struct {
		step   string
		needs  bool
		access directory.Access
	}{
		{"a missing role", s.can.Roles && !s.can.UncheckedRoles, directory.Access{Grants: []directory.Grant{{Role: "lead"}, {Role: "nobody"}}}},
		{"a missing unit", s.can.Units && !s.can.UncheckedUnits, directory.Access{Units: []string{"north", "nowhere"}}},
		{"a grant in a missing unit", s.can.UnitGrants, directory.Access{Grants: []directory.Grant{{Role: "lead"}, {Role: "lead", Unit: "nowhere"}}, Units: []string{"north"}}},
	} {
		if !a.needs {
			continue
		}
		s.quietly("refuse "+a.step, func() error {
			s.refused("apply access with "+a.step, directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, ada, a.access))
			return nil
		})
		same(s, "the member after access with "+a.step, s.observe(ada), before)
	}
	s.refused("give access to nobody", directory.KindNotFound, s.f.Backend.ApplyAccess(s.ctx, s.org, grace, s.wide()))
	s.gone(grace)
}

func checkAccessLeftAlone(s *scene) {
	s.furnish()
	m := s.member(ada)
	s.apply(m)
	s.activate(ada, "Ada")
	want := s.observe(ada)
	s.access(ada, s.wide())
	want.Access = s.wide()
	same(s, "a member who is given access", s.observe(ada), want)
	same(s, "the access of a member whose profile changes", s.apply(s.retitled(m)).Access, s.wide())
}

// checked is the part of access of which the backend knows whether it exists.
func (s *scene) checked(a directory.Access) directory.Access {
	if s.can.UncheckedUnits {
		a.Units = nil
	}
	if s.can.UncheckedRoles {
		a.Grants = nil
	}
	return a
}
