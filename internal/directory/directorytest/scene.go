package directorytest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// scene plays a check. It keeps the first thing that went wrong and does
// nothing afterwards, so that a check reads as a list of steps.
type scene struct {
	ctx context.Context
	f   Fixture
	// can is what the backend says that it can do.
	can directory.Capabilities
	// org is the organization that the check is about.
	org directory.OrganizationID
	err error
}

// failf records that the contract was broken.
func (s *scene) failf(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf(format, args...)
	}
}

// done records that a step that must succeed did not.
func (s *scene) done(step string, err error) {
	if err != nil {
		s.failf("%s: %s: %w", step, directory.KindOf(err), err)
	}
}

// refused records that a step did not fail with the kind.
func (s *scene) refused(step string, want directory.Kind, err error) {
	var e *directory.Error
	switch {
	case err == nil:
		s.failf("%s: succeeded, want kind %s", step, want)
	case !errors.As(err, &e):
		s.failf("%s: %w is no *directory.Error", step, err)
	case directory.KindOf(err) != want:
		s.failf("%s: kind %s, want %s: %w", step, directory.KindOf(err), want, err)
	case strings.Contains(err.Error(), "@"):
		s.failf("%s: the error names a person: %w", step, err)
	}
}

// quietly takes a step that must succeed and must not write.
func (s *scene) quietly(step string, f func() error) {
	if s.err != nil {
		return
	}
	before := s.writes()
	s.done(step, f())
	if n := s.writes() - before; n != 0 {
		s.failf("%s: made %d writes although nothing differed", step, n)
	}
}

// loudly takes a step that must succeed and has something to write.
func (s *scene) loudly(step string, f func() error) {
	if s.err != nil {
		return
	}
	before := s.writes()
	s.done(step, f())
	if s.f.Writes != nil && s.writes() == before {
		s.failf("%s: wrote nothing although something differed", step)
	}
}

// change takes a step that changes something; it is loud where the system keeps
// what changes.
func (s *scene) change(step string, keeps bool, f func() error) {
	if keeps {
		s.loudly(step, f)
		return
	}
	if s.err == nil {
		s.done(step, f())
	}
}

func (s *scene) writes() int64 {
	if s.f.Writes == nil {
		return 0
	}
	return s.f.Writes()
}

// same records a difference between what was observed and what is right.
func same[T any](s *scene, step string, got, want T) {
	if diff := cmp.Diff(want, got, asSets()...); diff != "" {
		s.failf("%s: (-want +got)\n%s", step, diff)
	}
}

// asSets compares what the contract calls sets without regard to order, and
// what is empty without regard to how.
func asSets() []cmp.Option {
	return []cmp.Option{
		cmpopts.EquateEmpty(),
		cmpopts.SortSlices(func(a, b string) bool { return a < b }),
		cmpopts.SortSlices(func(a, b directory.Grant) bool {
			return a.Role+"\x00"+a.Unit < b.Role+"\x00"+b.Unit
		}),
	}
}

// other returns the id of another organization of the same fixture.
func (s *scene) other() directory.OrganizationID {
	return directory.OrganizationID(strings.TrimSuffix(string(s.org), "one") + "two")
}

// organization creates the scene's organization.
func (s *scene) organization() {
	if s.err == nil {
		s.done("create the organization", s.f.Backend.ApplyOrganization(s.ctx, anOrganization(s.org)))
	}
}

// furnish creates the organization with units north (with a part "ward") and
// south, and roles clinician and lead, as far as the backend knows them.
func (s *scene) furnish() {
	s.organization()
	for _, name := range []string{"north", "south"} {
		s.unit(name, "")
	}
	s.unit("ward", "north")
	for _, name := range []string{"clinician", "lead"} {
		s.role(name)
	}
}

func (s *scene) unit(name, parent string) {
	if !s.can.NestedUnits {
		parent = ""
	}
	if s.err == nil && s.can.Units {
		s.done("create unit "+name, s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, name, parent)))
	}
}

func (s *scene) role(name string) {
	if s.err == nil && s.can.Roles {
		s.done("create role "+name, s.f.Backend.ApplyRole(s.ctx, aRole(s.org, name)))
	}
}

// apply brings a member to what is given and checks that the answer is what is
// observed afterwards.
func (s *scene) apply(m directory.Member) directory.ObservedMember {
	if s.err != nil {
		return directory.ObservedMember{}
	}
	answer, err := s.f.Backend.ApplyMember(s.ctx, m)
	s.done("apply the member", err)
	same(s, "the answer to applying a member, and what is observed afterwards", answer, s.observe(m.Address))
	if s.err == nil && answer.ID == "" && answer.State == directory.MemberActive {
		s.failf("the backend gave an active member no key")
	}
	return answer
}

// again applies the same member once more, which must be quiet.
func (s *scene) again(m directory.Member) {
	before := s.observe(m.Address)
	s.quietly("repeat applying the member", func() error {
		_, err := s.f.Backend.ApplyMember(s.ctx, m)
		return err
	})
	same(s, "the member after a repeated call", s.observe(m.Address), before)
}

func (s *scene) access(address string, a directory.Access) {
	if s.err == nil {
		s.done("apply access", s.f.Backend.ApplyAccess(s.ctx, s.org, address, a))
	}
}

func (s *scene) activate(address, confirmedName string) {
	if s.err == nil {
		s.done("accept", s.f.Activate(s.ctx, s.org, address, confirmedName))
	}
}

func (s *scene) remove(address string, how directory.Removal) {
	if s.err == nil {
		s.done("remove the member", s.f.Backend.RemoveMember(s.ctx, s.org, address, how))
	}
}

func (s *scene) observe(address string) directory.ObservedMember {
	return s.observeIn(s.org, address)
}

func (s *scene) observeIn(org directory.OrganizationID, address string) directory.ObservedMember {
	if s.err != nil {
		return directory.ObservedMember{}
	}
	m, err := s.f.Backend.Member(s.ctx, org, address)
	s.done("observe the member", err)
	return m
}

// gone checks that the organization has no such member.
func (s *scene) gone(address string) {
	if s.err != nil {
		return
	}
	_, err := s.f.Backend.Member(s.ctx, s.org, address)
	s.refused("observe a member that is not there", directory.KindNotFound, err)
	for _, m := range s.list() {
		if m.Address == address {
			s.failf("a member that is not there is listed")
		}
	}
}

// list reads all pages of the scene's organization.
func (s *scene) list() []directory.ObservedMember {
	all, _ := s.listIn(s.org)
	return all
}

// listIn reads all pages, and returns whether the listing was complete.
func (s *scene) listIn(org directory.OrganizationID) ([]directory.ObservedMember, bool) {
	var all []directory.ObservedMember
	for cursor := ""; s.err == nil; {
		page, err := s.f.Backend.ListMembers(s.ctx, org, cursor)
		s.done("list members", err)
		all = append(all, page.Members...)
		if page.Next == "" {
			return all, page.Complete
		}
		if page.Next == cursor {
			s.failf("a page is followed by itself")
		}
		cursor = page.Next
	}
	return nil, false
}
