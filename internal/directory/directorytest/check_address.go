package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func addressChecks() []check {
	return []check{
		{
			name: "change",
			rule: "ChangeAddress gives the member another address and leaves the rest; repeating it writes nothing.",
			run:  checkAddressChanged,
		},
		{
			name: "refuse",
			rule: "ChangeAddress is KindNotFound for nobody, and KindExists when the address is somebody else's.",
			run:  checkAddressRefused,
		},
	}
}

// changer is nil when the backend can not change addresses, and says so by not
// having the method.
func (s *scene) changer() directory.AddressChanger {
	if c, is := s.f.Backend.(directory.AddressChanger); is {
		return c
	}
	return nil
}

func checkAddressChanged(s *scene) {
	if s.changer() == nil {
		return
	}
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	want := s.observe(ada)
	move := func() error { return s.changer().ChangeAddress(s.ctx, s.org, ada, grace) }
	s.loudly("change the address", move)
	want.Address = grace
	same(s, "a member with another address", s.observe(grace), want)
	s.gone(ada)
	s.quietly("repeat", move)
	s.quietly("change it to itself", func() error { return s.changer().ChangeAddress(s.ctx, s.org, grace, grace) })
	same(s, "the listing after a change of address", s.list(), []directory.ObservedMember{want})
}

func checkAddressRefused(s *scene) {
	if s.changer() == nil {
		return
	}
	s.organization()
	if s.err != nil {
		return
	}
	s.refused("change the address of nobody", directory.KindNotFound, s.changer().ChangeAddress(s.ctx, s.org, ada, grace))
	first, second := s.apply(s.member(ada)), s.apply(s.member(grace))
	s.refused("take somebody's address", directory.KindExists, s.changer().ChangeAddress(s.ctx, s.org, ada, grace))
	same(s, "whoever wanted it", s.observe(ada), first)
	same(s, "whoever has it", s.observe(grace), second)
}
