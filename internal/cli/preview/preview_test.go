package preview_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/preview"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

var now = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// scene is a cluster, a folder of manifests and a backend.
type scene struct {
	there, declared []client.Object
	report          report.Report
	keep            bool
}

func (s *scene) facts() preview.Facts {
	return preview.Facts{
		Now: now, Organization: testkit.Clinic, Prune: !s.keep, Report: &s.report,
		There: keyed(append(s.there, testkit.Organization())), Declared: keyed(append(s.declared, testkit.Organization())),
	}
}

func keyed(objects []client.Object) map[preview.Key]client.Object {
	all := map[preview.Key]client.Object{}
	for _, o := range objects {
		kind := map[bool]string{true: "User"}[isUser(o)]
		switch o.(type) {
		case *v1alpha1.Organization:
			kind = "Organization"
		case *v1alpha1.Role:
			kind = "Role"
		case *v1alpha1.InviteBatch:
			kind = "InviteBatch"
		}
		all[preview.Key{Kind: kind, Name: o.GetName()}] = o
	}
	return all
}

func isUser(o client.Object) bool { _, ok := o.(*v1alpha1.User); return ok }

// in is somebody who accepted, as the report has them.
func (s *scene) in(u *v1alpha1.User, grants ...report.Grant) {
	person, err := declared.Of(u, now)
	if err != nil {
		panic(err)
	}
	s.there = append(s.there, u)
	s.report.Complete = true
	s.report.Members = append(s.report.Members, report.Member{
		ID: "m-" + u.Name, Address: person.Address, State: directory.MemberActive, JoinedAt: now.Add(-time.Hour), Grants: grants,
		Held: &report.Holding{Holder: u.Name, Origin: directory.HoldingCreated, Applied: person.Fingerprint()},
	})
	s.report.Invitations = append(s.report.Invitations, report.Invitation{
		Address: person.Address, Revision: 1, Asked: 1, State: directory.InvitationAccepted, Purpose: directory.PurposeJoin,
	})
}

func people(n int) []*v1alpha1.User {
	var users []*v1alpha1.User
	for i := range n {
		users = append(users, testkit.User(fmt.Sprintf("p%02d", i)))
	}
	return users
}

func compute(t *testing.T, s scene) preview.Preview {
	t.Helper()
	p, err := preview.Compute(s.facts())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBY5_NothingDiffers(t *testing.T) {
	var s scene
	for _, u := range people(3) {
		s.in(u)
		s.declared = append(s.declared, u.DeepCopy())
	}
	if p := compute(t, s); p.Differs() || len(p.Rails) > 0 || p.Undeclared > 0 {
		t.Errorf("%+v", p)
	}
}

func TestBY5_WhatApplyingWouldDo(t *testing.T) {
	var s scene
	for _, u := range people(3) {
		s.in(u)
	}
	renamed := testkit.User("p00", func(u *v1alpha1.User) { u.Name = "zero" })
	titled := testkit.User("p01", func(u *v1alpha1.User) { u.Spec.Profile.Title = "Dr" })
	s.declared = []client.Object{
		renamed, titled, testkit.User("new"), testkit.InviteBatch("autumn", []string{"b1@example.com", "p01@example.com", "x"}),
		testkit.User("old", func(u *v1alpha1.User) { u.Spec.Email = "old@example.com" }),
	}
	s.report.Members = append(s.report.Members,
		report.Member{ID: "m-old", Address: "old@example.com", State: directory.MemberActive, JoinedAt: now.Add(-time.Hour)},
		report.Member{ID: "m-stray", Address: "stray@example.com", State: directory.MemberActive, JoinedAt: now.Add(-time.Hour)})
	p := compute(t, s)
	var changes []string
	for _, c := range p.Objects {
		changes = append(changes, c.String())
	}
	if diff := cmp.Diff([]string{
		"delete User/p00", "delete User/p02", "create InviteBatch/autumn", "create User/new", "create User/old", "create User/zero", "change User/p01: profile",
	}, changes); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	want := v1alpha1.OrganizationPlan{Invite: 2, Adopt: 1, Change: 1, Remove: 1}
	if diff := cmp.Diff(want, p.Counts); diff != "" {
		t.Errorf("people (-want +got):\n%s\n%+v", diff, p.People)
	}
	if p.Undeclared != 1 {
		t.Errorf("%d undeclared, want the stray one", p.Undeclared)
	}
	s.keep = true
	if p := compute(t, s); p.Counts.Remove != 0 {
		t.Errorf("without pruning %d would be removed", p.Counts.Remove)
	}
}

func TestBY5_ANewOrganization(t *testing.T) {
	s := scene{declared: []client.Object{testkit.User("ada")}}
	f := s.facts()
	f.There, f.Report = nil, nil
	p, err := preview.Compute(f)
	if err != nil || p.Counts.Invite != 1 || len(p.Objects) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	f.Declared = keyed([]client.Object{testkit.User("ada")})
	delete(f.Declared, preview.Key{Kind: "Organization", Name: testkit.Clinic})
	if p, err = preview.Compute(f); err != nil || len(p.People) != 0 {
		t.Errorf("people of an organization that nobody declares: %+v, %v", p, err)
	}
}

func TestBY4_BY5_RailsThatWouldTrip(t *testing.T) {
	admin := testkit.Role("admin", func(r *v1alpha1.Role) { r.Spec.Administers = true })
	boss := testkit.User("boss", func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "admin"}} })
	for name, test := range map[string]struct {
		reason string
		scene  func(*scene)
		want   []string
	}{
		"few": {"within the floor", func(s *scene) {
			for _, u := range people(5) {
				s.in(u)
			}
		}, nil},
		"many": {"more than floor and percent", func(s *scene) {
			for i, u := range people(20) {
				s.in(u)
				if i >= 8 {
					s.declared = append(s.declared, u.DeepCopy())
				}
			}
		}, []string{"TooManyRemovals: 8 people would go and 0 have gone, and the limit is 5: nobody goes until it is approved"}},
		"few after many": {"what has gone counts", func(s *scene) {
			s.report.RemovalsDone = 4
			for i, u := range people(8) {
				s.in(u)
				if i >= 2 {
					s.declared = append(s.declared, u.DeepCopy())
				}
			}
		}, []string{"TooManyRemovals: 2 people would go and 4 have gone, and the limit is 5: nobody goes until it is approved"}},
		"last administrator removed": {"somebody must be left", func(s *scene) {
			s.in(boss.DeepCopy(), report.Grant{Role: "admin"})
		}, []string{"LastAdministrator: 0 administrators would be left, and the least is 1: kept are boss"}},
		"last administrator demoted": {"that is the same", func(s *scene) {
			s.in(boss.DeepCopy(), report.Grant{Role: "admin"})
			s.declared = append(s.declared, testkit.User("boss", func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{} }))
		}, []string{"LastAdministrator: 0 administrators would be left, and the least is 1: kept are boss"}},
		"one of two": {"one is left", func(s *scene) {
			s.in(boss.DeepCopy(), report.Grant{Role: "admin"})
			second := testkit.User("second", func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "admin"}} })
			s.in(second, report.Grant{Role: "admin"})
			s.declared = append(s.declared, second.DeepCopy())
		}, nil},
		"mail": {"more than the limit at once", func(s *scene) {
			for _, u := range people(101) {
				s.declared = append(s.declared, u)
			}
		}, []string{"TooManyInvitations: 101 would be invited and 0 were, and the limit is 100: nobody is mailed until it is approved"}},
		"mail of a batch": {"a batch is meant", func(s *scene) {
			var emails []string
			for i := range 101 {
				emails = append(emails, fmt.Sprintf("b%d@example.com", i))
			}
			s.declared = append(s.declared, testkit.InviteBatch("autumn", emails))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene{there: []client.Object{admin}, declared: []client.Object{admin}}
			test.scene(&s)
			var rails []string
			for _, r := range compute(t, s).Rails {
				rails = append(rails, r.String())
			}
			if diff := cmp.Diff(test.want, rails); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestBY4_BY5_ProtectedAndIncomplete(t *testing.T) {
	var s scene
	s.in(testkit.User("owner"))
	f := s.facts()
	org := testkit.Organization(func(o *v1alpha1.Organization) {
		o.Spec.Safety.ProtectedEmails = []string{"Owner@example.com"}
		o.Spec.Membership.Undeclared = v1alpha1.UndeclaredRemove
	})
	f.Declared = keyed([]client.Object{org})
	f.Report.Complete = false
	p, err := preview.Compute(f)
	if err != nil {
		t.Fatal(err)
	}
	var rails []string
	for _, r := range p.Rails {
		rails = append(rails, r.String())
	}
	if diff := cmp.Diff([]string{
		"ProtectedMember: kept by safety.protectedEmails are owner",
		"IncompleteObservation: the backend does not vouch for its listing: no undeclared member is removed",
	}, rails); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
