package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func removalChecks() []check {
	return []check{
		{
			name: "drop",
			rule: "RemovalDrop ends the membership: the person and all access are gone; repeating it succeeds.",
			run:  checkDropped,
		},
		{
			name: "disable",
			rule: "RemovalDisable keeps the record and keeps the person out; repeating it writes nothing.",
			run:  checkDisabled,
		},
		{
			name: "missing",
			rule: "Removing or disabling a member who is not there succeeds and creates nobody.",
			run: func(s *scene) {
				s.organization()
				for _, how := range []directory.Removal{directory.RemovalDrop, directory.RemovalDisable} {
					s.quietly("remove nobody", func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, how) })
				}
				s.gone(ada)
			},
		},
	}
}

func checkDropped(s *scene) {
	s.furnish()
	m := aMember(s.org, ada)
	for _, accepted := range []bool{false, true} {
		s.apply(m)
		s.access(ada, s.wide())
		if accepted {
			s.activate(ada, "Ada")
		}
		s.remove(ada, directory.RemovalDrop)
		s.gone(ada)
		s.quietly("repeat", func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, directory.RemovalDrop) })
	}
	got := s.apply(m)
	same(s, "a member who comes back after being dropped", got, directory.ObservedMember{Member: m, ID: got.ID})
}

func checkDisabled(s *scene) {
	s.furnish()
	m := aMember(s.org, ada)
	s.apply(m)
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	want := s.observe(ada)
	want.State = directory.MemberDisabled
	s.remove(ada, directory.RemovalDisable)
	same(s, "a member who was removed by disabling", s.observe(ada), want)
	s.quietly("repeat", func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, directory.RemovalDisable) })
	same(s, "the listing of a disabled member", s.list(), []directory.ObservedMember{want})
	want.State = directory.MemberActive
	same(s, "a disabled member who is made active", s.apply(in(directory.MemberActive, m)), want)
	s.remove(ada, directory.RemovalDisable)
	s.remove(ada, directory.RemovalDrop)
	s.gone(ada)
}
