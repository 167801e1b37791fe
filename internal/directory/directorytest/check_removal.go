package directorytest

import (
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func removalChecks() []check {
	return []check{
		{
			name:  "drop",
			rule:  "RemovalDrop ends the membership: the person and all access are gone; repeating it succeeds.",
			needs: canRemove(directory.RemovalDrop),
			run:   func(s *scene) { checkGone(s, directory.RemovalDrop) },
		},
		{
			name:  "delete",
			rule:  "RemovalDelete ends the membership and erases the account; repeating it succeeds.",
			needs: canRemove(directory.RemovalDelete),
			run:   func(s *scene) { checkGone(s, directory.RemovalDelete) },
		},
		{
			name:  "disable",
			rule:  "RemovalDisable keeps the record and keeps the person out; repeating it writes nothing.",
			needs: needsDisable,
			run:   checkDisabled,
		},
		{
			name: "other ways",
			rule: "A way that Removals does not name is KindUnsupported, and an unknown one KindInvalid; both change nothing.",
			run:  checkOtherWays,
		},
		{
			name: "missing",
			rule: "Removing or disabling a member who is not there succeeds and creates nobody.",
			run: func(s *scene) {
				s.organization()
				for _, how := range s.can.Removals {
					s.quietly("remove nobody", func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, how) })
					s.gone(ada)
				}
			},
		},
	}
}

func canRemove(how directory.Removal) need {
	return func(_ Fixture, can directory.Capabilities) bool { return slices.Contains(can.Removals, how) }
}

func checkGone(s *scene, how directory.Removal) {
	s.furnish()
	m := s.member(ada)
	for _, accepted := range []bool{false, true} {
		s.apply(m)
		s.access(ada, s.wide())
		if accepted {
			s.activate(ada, "Ada")
		}
		s.remove(ada, how)
		s.gone(ada)
		s.quietly("repeat", func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, how) })
	}
	got := s.apply(m)
	same(s, "a member who comes back after being removed", got, directory.ObservedMember{Member: m, ID: got.ID})
}

func checkDisabled(s *scene) {
	s.furnish()
	m := s.member(ada)
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
	if how := away(s.can); how != "" {
		s.remove(ada, how)
		s.gone(ada)
	}
}

func checkOtherWays(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	before := s.observe(ada)
	for how, want := range map[directory.Removal]directory.Kind{
		directory.RemovalDrop:    directory.KindUnsupported,
		directory.RemovalDisable: directory.KindUnsupported,
		directory.RemovalDelete:  directory.KindUnsupported,
		"Banish":                 directory.KindInvalid,
	} {
		if s.err != nil || slices.Contains(s.can.Removals, how) {
			continue
		}
		s.quietly("refuse to remove by "+string(how), func() error {
			s.refused("remove by "+string(how), want, s.f.Backend.RemoveMember(s.ctx, s.org, ada, how))
			return nil
		})
		same(s, "a member after a refused removal", s.observe(ada), before)
	}
}
