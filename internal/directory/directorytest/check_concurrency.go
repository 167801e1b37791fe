package directorytest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// together is how many goroutines a check lets loose.
const together = 24

func concurrencyChecks() []check {
	return []check{
		{
			name: "same member",
			rule: "Applying one member from many places at once creates one.",
			run:  checkSameMember,
		},
		{
			name: "different members",
			rule: "Members who are applied at once do not disturb each other.",
			run:  checkDifferentMembers,
		},
		{
			name:  "access",
			rule:  "Access that is applied at once is one of what was given, never a mixture.",
			needs: needsEither,
			run:   checkAccessRace,
		},
		{
			name:  "apply and drop",
			rule:  "Applying and dropping at once ends in a member or in none, and leaves nothing of a former one.",
			needs: needsAway,
			run:   checkApplyAndDrop,
		},
		{
			name:  "organization",
			rule:  "Creating one organization from many places at once creates one.",
			needs: needsMany,
			run: func(s *scene) {
				s.atOnce(func(int) error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
				s.quietly("repeat", func() error { return s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)) })
				same(s, "its members", s.list(), nil)
			},
		},
	}
}

// atOnce runs f in many goroutines and records the first error.
func (s *scene) atOnce(f func(i int) error) {
	if s.err != nil {
		return
	}
	var (
		wait  sync.WaitGroup
		start = make(chan struct{})
		errs  = make([]error, together)
	)
	for i := range together {
		wait.Go(func() {
			<-start
			errs[i] = patiently(func() error { return f(i) })
		})
	}
	close(start)
	wait.Wait()
	s.done("many calls at once", errors.Join(errs...))
}

// patiently repeats what the contract allows to fail for now, a bounded number
// of times: a backend may say that it is too busy.
func patiently(f func() error) error {
	for range 200 {
		err := f()
		switch directory.KindOf(err) {
		case directory.KindRateLimited, directory.KindUnavailable, directory.KindConflict:
		default:
			return err
		}
	}
	return f()
}

func checkSameMember(s *scene) {
	s.organization()
	ids := make([]string, together)
	s.atOnce(func(i int) error {
		m, err := s.f.Backend.ApplyMember(s.ctx, s.member(ada))
		ids[i] = m.ID
		return err
	})
	got := s.observe(ada)
	for _, id := range ids {
		same(s, "the key that each caller was told", id, got.ID)
	}
	same(s, "the listing", s.list(), []directory.ObservedMember{{Member: s.member(ada), ID: got.ID}})
	s.again(s.member(ada))
}

func checkDifferentMembers(s *scene) {
	s.furnish()
	s.atOnce(func(i int) error {
		m := s.member(crowdAddress(i))
		if text := s.managed(&m.Profile); text != nil {
			*text = fmt.Sprint(i)
		}
		err := patiently(func() error { _, err := s.f.Backend.ApplyMember(s.ctx, m); return err })
		if err != nil {
			return err
		}
		return s.f.Backend.ApplyAccess(s.ctx, s.org, m.Address, s.wide())
	})
	all := s.list()
	same(s, "how many members there are", len(all), together)
	for i := range together {
		got := s.observe(crowdAddress(i))
		same(s, "the address of one of them", got.Address, crowdAddress(i))
		if text := s.managed(&got.Profile); text != nil {
			same(s, "the profile of one of them", *text, fmt.Sprint(i))
		}
		same(s, "the access of one of them", got.Access, s.wide())
	}
}

func checkAccessRace(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	choices := []directory.Access{
		s.wide(),
		s.holdable(directory.Access{Grants: []directory.Grant{{Role: "lead"}}, Units: []string{"north"}}),
		s.holdable(directory.Access{
			Grants: []directory.Grant{{Role: "clinician", Unit: "north"}, {Role: "lead"}}, Units: []string{"north", "south"},
		}),
	}
	for range 5 {
		s.atOnce(func(i int) error { return s.f.Backend.ApplyAccess(s.ctx, s.org, ada, choices[i%len(choices)]) })
		got := s.observe(ada).Access
		one := false
		for _, c := range choices {
			one = one || cmp.Equal(got, c, asSets()...)
		}
		if !one {
			s.failf("access is a mixture: %+v", got)
		}
	}
}

func checkApplyAndDrop(s *scene) {
	s.furnish()
	s.atOnce(func(i int) error {
		if i%2 == 0 {
			return s.f.Backend.RemoveMember(s.ctx, s.org, ada, s.away())
		}
		if _, err := s.f.Backend.ApplyMember(s.ctx, s.member(ada)); err != nil {
			return err
		}
		err := s.f.Backend.ApplyAccess(s.ctx, s.org, ada, s.wide())
		if directory.IsKind(err, directory.KindNotFound) {
			return nil // dropped meanwhile
		}
		return err
	})
	s.remove(ada, s.away())
	s.gone(ada)
	got := s.apply(s.member(ada))
	same(s, "a member who comes back", got, directory.ObservedMember{Member: s.member(ada), ID: got.ID})
}
