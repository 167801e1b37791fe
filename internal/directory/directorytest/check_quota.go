package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func quotaChecks() []check {
	return []check{{
		name:  "full",
		rule:  "When no seat is left, ApplyMember of somebody new is KindQuotaExceeded and makes nothing; everybody else is served.",
		needs: func(f Fixture, _ directory.Capabilities) bool { return f.Quota != nil },
		run:   checkQuota,
	}}
}

func checkQuota(s *scene) {
	s.furnish()
	if s.err != nil {
		return
	}
	s.done("limit", s.f.Quota(s.ctx, s.org, 1))
	s.apply(in(directory.MemberActive, s.member(ada)))
	late := in(directory.MemberActive, s.member(grace))
	refuse := func() {
		if s.err == nil {
			_, err := s.f.Backend.ApplyMember(s.ctx, late)
			s.refused("create one too many", directory.KindQuotaExceeded, err)
			s.gone(grace)
		}
	}
	refuse()
	refuse()
	s.apply(s.retitled(in(directory.MemberActive, s.member(ada))))
	s.access(ada, s.wide())
	same(s, "the access of somebody who has a seat", s.observe(ada).Access, s.wide())
	if how := away(s.can); how != "" {
		s.remove(ada, how)
		got := s.apply(late)
		same(s, "somebody who got the seat of another", got.Member, late)
	}
}
