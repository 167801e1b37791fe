package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// settled is a world with an organization of two people, a unit, a role and a
// grant, beside people and a group of others, at a service provider with a habit.
func settled(t *testing.T, habit func(*scimserver.Quirks)) *world {
	t.Helper()
	w := newWorld(t, immediately, quirks(habit))
	must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
	must(t, w.ApplyRole(t.Context(), directory.Role{Organization: clinic, Name: "lead", DisplayName: "Lead"}))
	for _, address := range []string{ada, grace} {
		m := invited(address)
		m.State = directory.MemberActive
		w.apply(m)
		must(t, w.ApplyAccess(t.Context(), clinic, address, directory.Access{
			Units: []string{"north"}, Grants: []directory.Grant{{Role: "lead"}, {Role: "lead", Unit: "north"}},
		}))
	}
	w.server.PutUser(scimserver.User{UserName: "stranger@example.com", Active: true})
	w.server.PutUser(scimserver.User{UserName: "other@example.com", ExternalID: "team/other/other@example.com", Active: true})
	w.server.PutGroup(scimserver.Group{DisplayName: "Everybody"})
	return w
}

// neverComplete are habits by which no listing is ever complete.
func neverComplete() map[string]func(*scimserver.Quirks) {
	type q = *scimserver.Quirks
	return map[string]func(q){
		"one too many":                  func(q q) { q.Total = scimserver.TotalTooMany },
		"one too few":                   func(q q) { q.Total = scimserver.TotalTooFew },
		"absent":                        func(q q) { q.Total = scimserver.TotalAbsent },
		"too many, and filters ignored": func(q q) { q.Total, q.Filter = scimserver.TotalTooMany, scimserver.FilterIgnored },
		"too many, and filters refused": func(q q) { q.Total, q.Filter = scimserver.TotalTooMany, scimserver.FilterRefused },
		"too many, and no externalId":   func(q q) { q.Total, q.NoExternalID = scimserver.TotalTooMany, true },
		"too many, and no delete":       func(q q) { q.Total, q.NoDelete = scimserver.TotalTooMany, http.StatusMethodNotAllowed },
	}
}

// A removal ends where no listing is ever complete, and takes nothing along that
// is not ours.
func TestBY11_RemovalsEndWhereNoListingIsComplete(t *testing.T) {
	for reason, habit := range neverComplete() {
		w := settled(t, habit)
		if _, complete := w.list(); complete && reason != "absent" {
			t.Fatalf("%s: the listing is complete", reason)
		}
		must(t, w.RemoveUnit(t.Context(), clinic, "north"))
		if _, is := w.server.Group("North"); is {
			t.Errorf("%s: the unit is left", reason)
		}
		if got := w.member(ada).Access; len(got.Units) != 0 || len(got.Grants) != 1 {
			t.Errorf("%s: after the unit, ada has %+v", reason, got)
		}
		must(t, w.RemoveRole(t.Context(), clinic, "lead"))
		must(t, w.RemoveOrganization(t.Context(), clinic))
		var left []string
		for _, u := range w.server.Users() {
			if u.Active {
				left = append(left, u.UserName)
			}
		}
		if want := "[other@example.com stranger@example.com]"; fmt.Sprint(slices.Sorted(slices.Values(left))) != want {
			t.Errorf("%s: %v can sign in, want %s", reason, slices.Sorted(slices.Values(left)), want)
		}
		if _, is := w.server.Group("Everybody"); !is || len(w.server.Groups()) != 1 {
			t.Errorf("%s: groups are %v", reason, w.server.Groups())
		}
		if all, _ := w.admissions.Admissions(t.Context(), clinic, "", 10); len(all) != 0 {
			t.Errorf("%s: %d admissions are left", reason, len(all))
		}
	}
}

// Somebody who is gone already can be removed.
func TestBY11_RemovalsOfMembersEndWhereNoListingIsComplete(t *testing.T) {
	for reason, habit := range neverComplete() {
		for _, how := range []directory.Removal{directory.RemovalDrop, directory.RemovalDisable} {
			w := settled(t, habit)
			u, _ := w.server.User(ada)
			w.server.DeleteUser(u.ID)
			if w.server.Quirks().NoDelete != 0 {
				how = directory.RemovalDisable
			}
			must(t, w.RemoveMember(t.Context(), clinic, ada, how))
			must(t, w.RemoveMember(t.Context(), clinic, grace, how))
			if u, is := w.server.User(grace); is && u.Active {
				t.Errorf("%s, %s: who was removed can sign in", reason, how)
			}
		}
	}
}

// Whom a listing leaves out is found by name, or by the next listing.
func TestBY11_RemovalsFindWhomAListingLeavesOut(t *testing.T) {
	for reason, test := range map[string]struct {
		filter   scimserver.FilterStyle
		listings int
	}{
		"by name":             {scimserver.FilterFull, 1000},
		"by the next listing": {scimserver.FilterRefused, 1},
	} {
		f, fronted := behind(t, func(q *scimserver.Quirks) { q.Filter = test.filter })
		w := newWorld(t, fronted)
		m := person(directory.MemberActive)
		w.apply(m)
		w.restart()
		f.set(func() { f.hidden = test.listings })
		must(t, w.RemoveOrganization(t.Context(), clinic))
		if n := len(f.server.Users()); n != 0 {
			t.Errorf("%s: %d users are left", reason, n)
		}
	}
}

// One of whom it cannot be told whether they are ours, or who cannot go, stays,
// and keeps nobody else; the organization goes when they are seen to.
func TestBY11_RemovalsOfOthersDoNotWaitForWhoStays(t *testing.T) {
	for reason, test := range map[string]struct {
		begin func(t *testing.T) (*world, *scimserver.Server)
		kind  directory.Kind
	}{
		"a stranger": {func(t *testing.T) (*world, *scimserver.Server) {
			w, f := strangerAdded(t, keyless)
			return w, f.server
		}, directory.KindExists},
		"whom we let in, and nobody can be disabled": {func(t *testing.T) (*world, *scimserver.Server) {
			f, fronted := behind(t, byTheBook)
			w := newWorld(t, immediately, fronted)
			f.server.PutUser(scimserver.User{UserName: ada, ExternalID: "hr-1"})
			w.apply(person(directory.MemberInvited))
			must(t, w.accept(t.Context(), clinic, ada, "Ada"))
			f.set(func() {
				for _, method := range everyWrite() {
					f.deaf[method] = true
				}
			})
			w.apply(invited(grace))
			return w, f.server
		}, directory.KindUnsupported},
	} {
		t.Run(reason, func(t *testing.T) {
			w, server := test.begin(t)
			must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
			for i := range 3 {
				m := invited(fmt.Sprintf("person-%d@example.com", i))
				m.State = directory.MemberActive
				w.apply(m)
			}
			for range 2 {
				err := w.RemoveOrganization(t.Context(), clinic)
				wantKind(t, reason, err, test.kind)
				if err == nil || !strings.Contains(err.Error(), "stay: 1;") {
					t.Errorf("the error does not say how many stay: %v", err)
				}
				if users := server.Users(); len(users) != 1 || users[0].UserName != ada || len(server.Groups()) != 0 {
					t.Errorf("left are %v and %v", users, server.Groups())
				}
				if all, _ := w.admissions.Admissions(t.Context(), clinic, "", 10); len(all) != 1 || all[0].Address != ada {
					t.Errorf("admissions are %v", all)
				}
			}
			server.DeleteUser(server.Users()[0].ID)
			must(t, w.RemoveOrganization(t.Context(), clinic))
			if all, _ := w.admissions.Admissions(t.Context(), clinic, "", 10); len(all) != 0 {
				t.Errorf("in the end admissions are %v", all)
			}
		})
	}
}
