package directorytest

import (
	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func keyChecks() []check {
	return []check{
		{
			name:  "duplicate",
			rule:  "Where the system has two people under one key, calls about them are KindExists and change nothing.",
			needs: func(f Fixture, _ directory.Capabilities) bool { return f.Duplicate != nil },
			run:   checkDuplicate,
		},
		{
			name:  "meddling",
			rule:  "What somebody else changed in the system is observed, and put right by the next call.",
			needs: func(f Fixture, _ directory.Capabilities) bool { return f.Meddle != nil },
			run:   checkMeddling,
		},
	}
}

func checkDuplicate(s *scene) {
	s.furnish()
	m := s.member(ada)
	s.apply(m)
	s.apply(s.member(grace))
	bystander := s.observe(grace)
	if s.err != nil {
		return
	}
	s.done("duplicate", s.f.Duplicate(s.ctx, s.org, ada))
	own := s.foreign()
	calls := map[string]func() error{
		"observe":      func() error { _, err := s.f.Backend.Member(s.ctx, s.org, ada); return err },
		"apply":        func() error { _, err := s.f.Backend.ApplyMember(s.ctx, s.retitled(m)); return err },
		"apply access": func() error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, s.wide()) },
	}
	for _, how := range s.can.Removals {
		calls["remove by "+string(how)] = func() error { return s.f.Backend.RemoveMember(s.ctx, s.org, ada, how) }
	}
	for step, call := range calls {
		s.quietly(step, func() error {
			s.refused(step+" somebody whose key two people have", directory.KindExists, call())
			return nil
		})
	}
	listed := 0
	for _, o := range s.list() {
		if o.Address == ada {
			listed++
		}
	}
	if s.err == nil && listed == 0 {
		s.failf("nobody is listed under a key that two people have")
	}
	same(s, "what is not ours after calls about a key that two people have", s.foreign(), own)
	same(s, "somebody else", s.observe(grace), bystander)
	s.again(s.member(grace))
}

func checkMeddling(s *scene) {
	s.furnish()
	m := s.member(ada)
	s.apply(m)
	s.access(ada, s.wide())
	s.activate(ada, "Ada")
	want := s.observe(ada)
	// Twice, because a backend may remember what it found the first time.
	for range 2 {
		if s.err != nil {
			return
		}
		s.done("meddle", s.f.Meddle(s.ctx, s.org, ada))
		if got := s.observe(ada); s.err == nil && cmp.Equal(got, want, asSets()...) {
			s.failf("what somebody else changed is not observed")
		}
		got := s.apply(m)
		want.ConfirmedName, got.ConfirmedName = "", ""
		same(s, "the member after what somebody else changed was put right", got, want)
		s.again(m)
		want = s.observe(ada)
	}
}
