package directorytest

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func listingChecks() []check {
	return []check{
		{
			name: "pages",
			rule: "A listing comes in pages, in a stable order, with everybody in it once.",
			run:  checkPages,
		},
		{
			name: "full last page",
			rule: "A listing whose last page is full ends.",
			run:  checkFullLastPage,
		},
		{
			name:  "changes meanwhile",
			rule:  "Changes while a listing is read hide nobody whom they do not concern, or the listing is not complete.",
			needs: needsAway,
			run:   checkListingWhileChanging,
		},
		{
			name:  "old cursor",
			rule:  "A cursor that is too old is KindConflict; the listing is then begun anew.",
			needs: func(f Fixture, _ directory.Capabilities) bool { return f.Expire != nil },
			run:   checkOldCursor,
		},
		{
			name: "cursor",
			rule: "A cursor that is not the backend's is KindInvalid.",
			run:  checkUnknownCursor,
		},
		{
			name:  "incomplete",
			rule:  "A listing that leaves somebody out is not complete.",
			needs: func(f Fixture, _ directory.Capabilities) bool { return f.Hide != nil },
			run:   checkIncomplete,
		},
	}
}

// crowd creates so many members, last ones first, so that the order of creation
// is not that of their addresses.
func (s *scene) crowd(n int) {
	for i := n - 1; i >= 0 && s.err == nil; i-- {
		m := directory.Member{Organization: s.org, Address: crowdAddress(i), State: directory.MemberInvited}
		_, err := s.f.Backend.ApplyMember(s.ctx, m)
		s.done("create one of many", err)
	}
}

func crowdAddress(i int) string { return fmt.Sprintf("person-%06d@example.com", i) }

func checkPages(s *scene) {
	s.furnish()
	size := s.can.PageSize
	n := 2*size + size/2 + 1
	s.crowd(n)
	s.access(crowdAddress(0), s.wide())
	s.activate(crowdAddress(1), "Person One")
	first := s.pages()
	seen := map[string]bool{}
	for _, page := range first {
		if len(page.Members) > size {
			s.failf("a page of %d members; the most is %d", len(page.Members), size)
		}
		for _, m := range page.Members {
			if seen[m.Address] {
				s.failf("a member is listed twice")
			}
			seen[m.Address] = true
		}
	}
	same(s, "how many members are listed", len(seen), n)
	if s.err == nil {
		same(s, "that the listing is complete", first[len(first)-1].Complete, true)
	}
	same(s, "the same listing again", withoutCursors(s.pages()), withoutCursors(first))
	s.listedAsObserved(first)
}

// withoutCursors are pages as they are compared: a cursor may name the listing
// that it belongs to.
func withoutCursors(pages []directory.MemberPage) []directory.MemberPage {
	bare := slices.Clone(pages)
	for i := range bare {
		bare[i].Next = ""
	}
	return bare
}

// listedAsObserved compares a sample of a listing with single observations.
func (s *scene) listedAsObserved(pages []directory.MemberPage) {
	sample := map[string]bool{crowdAddress(0): true, crowdAddress(1): true, crowdAddress(2): true}
	for _, page := range pages {
		for _, m := range page.Members {
			if sample[m.Address] {
				same(s, "a member in a listing", m, s.observe(m.Address))
			}
		}
	}
}

func (s *scene) pages() []directory.MemberPage {
	var all []directory.MemberPage
	for cursor := ""; s.err == nil; {
		page, err := s.f.Backend.ListMembers(s.ctx, s.org, cursor)
		s.done("list members", err)
		all = append(all, page)
		if cursor = page.Next; cursor == "" {
			break
		}
		if len(all) > 1000 {
			s.failf("a listing of a thousand pages does not end")
		}
	}
	return all
}

func checkListingWhileChanging(s *scene) {
	s.organization()
	n := 2*s.can.PageSize + 1
	s.crowd(n)
	if s.err != nil {
		return
	}
	page, err := s.f.Backend.ListMembers(s.ctx, s.org, "")
	s.done("list the first page", err)
	seen := map[string]int{}
	dropped := 0
	for _, m := range page.Members {
		seen[m.Address]++
		if dropped < 2 {
			dropped++
			s.remove(m.Address, s.away())
		}
	}
	for _, local := range []string{"0-new", "zz-new"} {
		s.apply(directory.Member{Organization: s.org, Address: local + "@example.com", State: directory.MemberInvited})
	}
	for s.err == nil && page.Next != "" {
		page, err = s.f.Backend.ListMembers(s.ctx, s.org, page.Next)
		s.done("list a later page", err)
		for _, m := range page.Members {
			seen[m.Address]++
		}
	}
	for i := range n {
		if got := seen[crowdAddress(i)]; got > 1 || got == 0 && page.Complete {
			s.failf("somebody is listed %d times in a listing whose completeness is %t", got, page.Complete)
		}
	}
}

func checkFullLastPage(s *scene) {
	s.organization()
	n := s.can.PageSize
	s.crowd(n)
	all, complete := s.listIn(s.org)
	same(s, "how many members are listed", len(all), n)
	same(s, "that the listing is complete", complete, true)
}

func checkOldCursor(s *scene) {
	s.organization()
	s.crowd(s.can.PageSize + 1)
	if s.err != nil {
		return
	}
	page, err := s.f.Backend.ListMembers(s.ctx, s.org, "")
	s.done("list the first page", err)
	s.done("let time pass", s.f.Expire(s.ctx))
	_, err = s.f.Backend.ListMembers(s.ctx, s.org, page.Next)
	s.refused("list from an old cursor", directory.KindConflict, err)
	all, complete := s.listIn(s.org)
	same(s, "how many are listed anew", len(all), s.can.PageSize+1)
	same(s, "that the new listing is complete", complete, true)
}

func checkUnknownCursor(s *scene) {
	s.organization()
	s.apply(s.member(ada))
	if s.err != nil {
		return
	}
	for _, cursor := range []string{"x", "' OR 1=1 --", "\x00", "-1", ada, "////", "\xff\xfe"} {
		_, err := s.f.Backend.ListMembers(s.ctx, s.org, cursor)
		s.refused(fmt.Sprintf("list from cursor %q", cursor), directory.KindInvalid, err)
	}
}

func checkIncomplete(s *scene) {
	s.organization()
	s.apply(s.member(ada))
	s.apply(s.member(grace))
	if s.err != nil {
		return
	}
	s.done("hide", s.f.Hide(s.ctx, s.org, ada))
	all, complete := s.listIn(s.org)
	same(s, "the listing", all, []directory.ObservedMember{s.observe(grace)})
	same(s, "that it is complete", complete, false)
}
