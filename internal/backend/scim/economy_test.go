package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// populate puts people of ours into the service provider who are as declared.
func (w *world) populate(n int) {
	w.t.Helper()
	for i := range n {
		address := fmt.Sprintf("person-%06d@example.com", i)
		w.server.PutUser(scimserver.User{
			UserName: address, ExternalID: string(clinic) + "/" + address, Active: true,
			Attributes: map[string]any{"displayName": "Person", "emails": []any{map[string]any{"value": address, "primary": true}}},
		})
		w.admit(directory.Admission{
			Organization: clinic, Address: address, State: directory.MemberActive, Provisioned: true,
			JoinedAt: w.clock.Now(), DeclaredName: "Person",
		})
	}
}

// list reads a whole listing.
func (w *world) list() ([]directory.ObservedMember, bool) {
	w.t.Helper()
	var all []directory.ObservedMember
	for cursor := ""; ; {
		page, err := w.ListMembers(w.t.Context(), clinic, cursor)
		must(w.t, err)
		all = append(all, page.Members...)
		if cursor = page.Next; cursor == "" {
			return all, page.Complete
		}
	}
}

// pagesOfUsers is how many of the requests were pages of users; others are told.
func (w *world) pagesOfUsers() (int, []string) {
	pages := 0
	var others []string
	for _, r := range w.server.Requests() {
		if r.Method == http.MethodGet && r.Path == "/Users" && r.Query.Get("filter") == "" {
			pages++
			continue
		}
		others = append(others, r.Method+" "+r.Path)
	}
	return pages, others
}

// A page holds one resource of the page before, which shows that nothing has
// moved, and a last page brings nothing new.
func TestBY11_AResyncOfTenThousandReadsAPageEach(t *testing.T) {
	const people, pageSize = 10_000, 100
	w := newWorld(t)
	must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
	w.populate(people)
	north, _ := w.server.Group("North")
	north.Members = []string{w.server.Users()[0].ID}
	w.server.PutGroup(north)
	w.server.Forget()
	before := w.writes()
	all, complete := w.list()
	if len(all) != people || !complete {
		t.Errorf("%d members, complete %t; want %d and true", len(all), complete, people)
	}
	if n := w.writes() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
	pages, others := w.pagesOfUsers()
	if most := people/(pageSize-1) + 2; pages > most {
		t.Errorf("%d pages, want at most %d", pages, most)
	}
	if len(others) > 3 {
		t.Errorf("beside the pages of users, %v; want the groups once and a check of who tells of them", others)
	}
	w.server.Forget()
	for _, m := range all[:200] {
		_, err := w.ApplyMember(t.Context(), m.Member)
		must(t, err)
	}
	if requests := len(w.server.Requests()); w.writes() != before || requests != 200 {
		t.Errorf("applying 200 unchanged members took %d requests and %d writes, want one request each", requests, w.writes()-before)
	}
}

// However many were just found unchanged, what has been changed there since is
// seen, and put right, for each of them.
func TestBY11_WhatManyShowAnswersForNobodyElse(t *testing.T) {
	at := func(i int) directory.Member {
		m := invited(fmt.Sprintf("person-%06d@example.com", i))
		m.Profile.DisplayName = "Person"
		return m
	}
	w := newWorld(t)
	w.populate(200)
	must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
	must(t, w.ApplyAccess(t.Context(), clinic, at(102).Address, directory.Access{Units: []string{"north"}}))
	for i := range 60 {
		w.apply(at(i))
	}
	u, _ := w.server.User(at(100).Address)
	u.Active = false
	w.server.PutUser(u)
	if got := w.apply(at(100)); got.State != directory.MemberActive {
		t.Errorf("who was deactivated there is told %s", got.State)
	}
	if u, _ := w.server.User(at(100).Address); !u.Active {
		t.Error("who was deactivated there is not let in again")
	}
	gone, _ := w.server.User(at(101).Address)
	w.server.DeleteUser(gone.ID)
	if got := w.apply(at(101)); got.State != directory.MemberInvited || got.ID != "" {
		t.Errorf("who was removed there is told %s with the key %q", got.State, got.ID)
	}
	north, _ := w.server.Group("North")
	north.Members = nil
	w.server.PutGroup(north)
	if got := w.apply(at(102)); len(got.Access.Units) != 0 {
		t.Errorf("who was taken out of the unit there is told %+v", got.Access)
	}
}

// BenchmarkResync10000 lists ten thousand members, who are a page of a hundred each.
func BenchmarkResync10000(b *testing.B) { benchmarkListing(b, 10_000, 100) }

// BenchmarkResync50000 lists fifty thousand, a thousand a page.
func BenchmarkResync50000(b *testing.B) { benchmarkListing(b, 50_000, 1000) }

func benchmarkListing(b *testing.B, people, pageSize int) {
	b.Helper()
	w := newWorld(b, quirks(func(q *scimserver.Quirks) { q.MaxCount = pageSize }),
		func(s *settings) { s.client.Overrides.MaxPageSize = pageSize })
	w.populate(people)
	w.server.Forget()
	listings := 0
	for b.Loop() {
		listings++
		if all, complete := w.list(); len(all) != people || !complete {
			b.Fatalf("%d members, complete %t", len(all), complete)
		}
	}
	b.ReportMetric(float64(len(w.server.Requests()))/float64(listings), "requests/listing")
}

func told(requests []scimserver.Request) string {
	var all []string
	for _, r := range requests {
		all = append(all, fmt.Sprintf("%s %s %s", r.Method, r.Path, r.Body))
	}
	return strings.Join(all, "\n")
}

// Where filters are ignored one listing answers all who ask at about the same
// time, also about whom the service provider is yet to have.
func TestBY11_PendingPeopleShareAListing(t *testing.T) {
	const people, pending = 250, 50
	for reason, filter := range map[string]scimserver.FilterStyle{"ignored": scimserver.FilterIgnored, "refused": scimserver.FilterRefused} {
		for _, atOnce := range []bool{false, true} {
			w := newWorld(t, quirks(func(q *scimserver.Quirks) { q.Filter = filter }))
			w.populate(people)
			for i := range pending {
				w.apply(invited(fmt.Sprintf("pending-%d@example.com", i)))
			}
			w.restart()
			w.server.Forget()
			var each sync.WaitGroup
			for i := range pending {
				look := func() {
					got, err := w.ApplyMember(t.Context(), invited(fmt.Sprintf("pending-%d@example.com", i)))
					if err != nil || got.State != directory.MemberInvited {
						t.Errorf("%s: %s, %v", reason, got.State, err)
					}
				}
				if !atOnce {
					look()
					continue
				}
				each.Go(look)
			}
			each.Wait()
			pages, others := w.pagesOfUsers()
			t.Logf("%s, at once %t: %d pages and %d others for %d people", reason, atOnce, pages, len(others), pending)
			if pages > 5 || len(others) > 12 {
				t.Errorf("%s, at once %t: %d pages and %v; want one listing", reason, atOnce, pages, others)
			}
		}
	}
}

// What was asked for and came to nothing, or may have come true unseen, is looked
// for in a new listing.
func TestBY11_AListingIsNotBelievedAfterAFault(t *testing.T) {
	for n := 1; n <= 4; n++ {
		w := newWorld(t, broken, immediately, quirks(func(q *scimserver.Quirks) { q.Filter = scimserver.FilterRefused }))
		w.apply(invited(grace))
		w.proxy.Break(n, wirefault.LostReply)
		_, _ = w.ApplyMember(t.Context(), invited(ada))
		w.proxy.Mend()
		u, is := w.server.User(ada)
		if !is {
			continue
		}
		if got := w.member(ada); got.ID != u.ID {
			t.Errorf("request %d: who was created unseen is %+v", n, got)
		}
		must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
		if _, is := w.server.User(ada); is {
			t.Errorf("request %d: who was created unseen, and removed, is there", n)
		}
	}
}
