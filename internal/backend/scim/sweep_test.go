package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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

// patiently does what the controllers do when they are told when to come back.
func (w *world) patiently(call func() error) error {
	w.t.Helper()
	var err error
	for range 10 {
		err = call()
		if !directory.IsKind(err, directory.KindUnavailable) || directory.RetryAfter(err) == 0 {
			return err
		}
		w.clock.Step(directory.RetryAfter(err))
	}
	return err
}

func (w *world) patientlyRemove(address string, how directory.Removal) error {
	return w.patiently(func() error { return w.RemoveMember(w.t.Context(), clinic, address, how) })
}

func (w *world) patientlyRemoveAll() error {
	return w.patiently(func() error { return w.RemoveOrganization(w.t.Context(), clinic) })
}

// A removal ends where no listing is ever complete, and takes nothing along that
// is not ours.
func TestBY11_RemovalsEndWhereNoListingIsComplete(t *testing.T) {
	for reason, habit := range neverComplete() {
		w := settled(t, habit)
		if _, complete := w.list(); complete && reason != "absent" {
			t.Fatalf("%s: the listing is complete", reason)
		}
		must(t, w.patiently(func() error { return w.RemoveUnit(t.Context(), clinic, "north") }))
		if _, is := w.server.Group("North"); is {
			t.Errorf("%s: the unit is left", reason)
		}
		if got := w.member(ada).Access; len(got.Units) != 0 || len(got.Grants) != 1 {
			t.Errorf("%s: after the unit, ada has %+v", reason, got)
		}
		must(t, w.patiently(func() error { return w.RemoveRole(t.Context(), clinic, "lead") }))
		must(t, w.patientlyRemoveAll())
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
			must(t, w.patientlyRemove(ada, how))
			must(t, w.patientlyRemove(grace, how))
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
		must(t, w.patientlyRemoveAll())
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

// A service provider whose listings are complete, and for a while are not, hides
// nobody from a removal, whoever asks how often and whatever process it is.
func TestBY11_RemovalsWaitUntilListingsAreCompleteAgain(t *testing.T) {
	remove := func(w *world) error {
		return w.RemoveMember(w.t.Context(), clinic, ada, directory.RemovalDrop)
	}
	for reason, test := range map[string]struct {
		filter scimserver.FilterStyle
		call   func(*world) error
	}{
		"a member, filters ignored":        {scimserver.FilterIgnored, remove},
		"a member, filters refused":        {scimserver.FilterRefused, remove},
		"the organization, filters by eq":  {scimserver.FilterEq, func(w *world) error { return w.RemoveOrganization(w.t.Context(), clinic) }},
		"the organization, filters absent": {scimserver.FilterRefused, func(w *world) error { return w.RemoveOrganization(w.t.Context(), clinic) }},
	} {
		for _, restarts := range []bool{false, true} {
			f, fronted := behind(t, func(q *scimserver.Quirks) { q.Filter = test.filter })
			w := newWorld(t, fronted)
			w.apply(person(directory.MemberActive))
			if _, complete := w.list(); !complete {
				t.Fatal("listings are not complete")
			}
			w.member(ada)
			w.clock.Step(time.Minute)
			f.set(func() { f.hidden = 1000 })
			for range 8 {
				if restarts {
					w.restart()
				}
				err := test.call(w)
				if u, is := f.server.User(ada); err == nil && is && u.Active {
					t.Errorf("%s, restarts %t: what was removed is there", reason, restarts)
				}
				w.clock.Step(10 * time.Minute)
			}
			f.set(func() { f.hidden = 0 })
			must(t, test.call(w))
			if n := len(f.server.Users()); n != 0 {
				t.Errorf("%s, restarts %t: %d users are left", reason, restarts, n)
			}
		}
	}
}

// Where no listing is ever complete, what several in a moment do not show may be
// there all the same, and what one of them shows begins anew.
func TestBY11_RemovalsTakeMinutesWhereNoListingIsComplete(t *testing.T) {
	f, fronted := behind(t, func(q *scimserver.Quirks) { q.Filter, q.Total = scimserver.FilterRefused, scimserver.TotalTooMany })
	w := newWorld(t, fronted)
	w.apply(person(directory.MemberActive))
	w.clock.Step(time.Minute)
	f.set(func() { f.hidden = 1000 })
	for range 20 {
		wantKind(t, "in a moment", w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop), directory.KindUnavailable)
	}
	w.clock.Step(2 * time.Minute)
	wantKind(t, "a while later", w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop), directory.KindUnavailable)
	f.set(func() { f.hidden = 0 })
	w.clock.Step(2 * time.Minute)
	must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
	if n := len(f.server.Users()); n != 0 {
		t.Fatalf("%d users are left, who are shown", n)
	}
	begun := w.clock.Now()
	must(t, w.patientlyRemove(ada, directory.RemovalDrop))
	if took := w.clock.Since(begun); took < 4*time.Minute || took > 10*time.Minute {
		t.Errorf("that nobody is there is believed after %s", took)
	}
}

// A service provider that tells the size of a page for the total has complete
// listings while it has few, and none later: removals end there, too.
func TestBY11_RemovalsEndWhereOnlySmallListingsWereComplete(t *testing.T) {
	w := newWorld(t, quirks(func(q *scimserver.Quirks) { q.Filter = scimserver.FilterRefused }))
	w.apply(person(directory.MemberActive))
	if _, complete := w.list(); !complete {
		t.Fatal("a small listing is not complete")
	}
	q := w.server.Quirks()
	q.Total = scimserver.TotalTooMany
	w.server.SetQuirks(q)
	w.clock.Step(time.Minute)
	wantKind(t, "one that is as large", w.patientlyRemove(grace, directory.RemovalDrop), directory.KindUnavailable)
	w.populate(10)
	w.clock.Step(time.Minute)
	must(t, w.patientlyRemove(grace, directory.RemovalDrop))
}
