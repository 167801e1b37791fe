package scim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// furnished is a world with a unit and a role, and the access that has both.
func furnished(t testing.TB, changes ...func(*settings)) (*world, directory.Access) {
	t.Helper()
	w := newWorld(t, changes...)
	ctx := context.Background()
	must(t, w.ApplyUnit(ctx, directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
	must(t, w.ApplyRole(ctx, directory.Role{Organization: clinic, Name: "lead", DisplayName: "Lead"}))
	w.server.Forget()
	return w, directory.Access{Units: []string{"north"}, Grants: []directory.Grant{{Role: "lead"}}}
}

func numberedMember(i int) directory.Member {
	m := directory.Member{Organization: clinic, Address: fmt.Sprintf("p%06d@example.com", i), State: directory.MemberActive}
	m.Profile.DisplayName = "Person"
	return m
}

// introduce makes somebody a member with access, as a reconcile does.
func (w *world) introduce(ctx context.Context, i int, access directory.Access) error {
	m := numberedMember(i)
	if _, err := w.ApplyMember(ctx, m); err != nil {
		return err
	}
	return w.ApplyAccess(ctx, clinic, m.Address, access)
}

// spread does n things by as many callers at once.
func spread(callers, n int, do func(i int) error) error {
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make(chan error, callers)
	for range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := do(int(i)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	return <-errs
}

// BenchmarkMembersApplied creates members with two groups each, and tells how
// many requests that takes beside those of a client that asks nothing, which is
// run against the same service provider: a POST and a PATCH of each group.
func BenchmarkMembersApplied(b *testing.B) {
	for _, p := range []struct {
		name   string
		quirks func(*scimserver.Quirks)
	}{
		{"by the book", func(*scimserver.Quirks) {}},
		{"filters ignored", func(q *scimserver.Quirks) { q.Filter = scimserver.FilterIgnored }},
		{"users without groups", func(q *scimserver.Quirks) { q.UsersWithoutGroups = true }},
		{"bulk", func(q *scimserver.Quirks) { q.Bulk = 100 }},
		{"bulk that tells", func(q *scimserver.Quirks) { q.Bulk, q.BulkTells = 100, true }},
	} {
		for _, callers := range []int{1, 20} {
			b.Run(fmt.Sprintf("%s/%d callers", p.name, callers), func(b *testing.B) {
				w, access := furnished(b, immediately, quirks(p.quirks))
				if err := spread(callers, b.N, func(i int) error { return w.introduce(b.Context(), i, access) }); err != nil {
					b.Error(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "members/s")
				b.ReportMetric(float64(len(w.server.Requests()))/float64(b.N), "requests/member")
				begun := b.Elapsed()
				w.server.Forget()
				b.StartTimer()
				err := spread(callers, b.N, w.minimal(b))
				b.StopTimer()
				if err != nil {
					b.Error(err)
				}
				b.ReportMetric(float64(b.N)/(b.Elapsed()-begun).Seconds(), "minimal-members/s")
				b.ReportMetric(float64(len(w.server.Requests()))/float64(b.N), "minimal-requests/member")
			})
		}
	}
}

// minimal is a client that asks nothing and believes every answer.
func (w *world) minimal(b *testing.B) func(int) error {
	b.Helper()
	var groups []string
	for _, g := range w.server.Groups() {
		groups = append(groups, g.ID)
	}
	send := func(method, path, body string) (string, error) {
		r, err := http.NewRequestWithContext(b.Context(), method, w.server.URL()+path, bytes.NewReader([]byte(body)))
		if err != nil {
			return "", err
		}
		r.Header.Set("Authorization", "Bearer "+w.server.Token())
		r.Header.Set("Content-Type", "application/scim+json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", err
		}
		defer func() { _ = answer.Body.Close() }()
		var made struct{ ID string }
		if answer.StatusCode/100 != 2 {
			return "", fmt.Errorf("%s %s: %s", method, path, answer.Status)
		}
		if answer.StatusCode != http.StatusNoContent {
			err = json.NewDecoder(answer.Body).Decode(&made)
		}
		return made.ID, err
	}
	return func(i int) error {
		id, err := send(http.MethodPost, "/Users", fmt.Sprintf(
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"minimal%d","active":true}`, i))
		for _, group := range groups {
			if err == nil {
				_, err = send(http.MethodPatch, "/Groups/"+group, fmt.Sprintf(
					`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":%q}]}]}`, id))
			}
		}
		return err
	}
}

// lines are the requests as "METHOD path", with what was looked for.
func lines(requests []scimserver.Request) []string {
	var all []string
	for _, r := range requests {
		line := r.Method + " " + r.Path
		if f := r.Query.Get("filter"); f != "" {
			line += " " + f
		}
		all = append(all, line)
	}
	return all
}

// What one member costs: two questions, of which the package comment says what
// they are for, beside what there is no way around.
func TestBY11_WhatAMemberCosts(t *testing.T) {
	w, access := furnished(t, immediately)
	groups := w.server.Groups()
	must(t, w.introduce(t.Context(), 7, access))
	want := []string{
		`GET /Users externalId eq "team/clinic/p000007@example.com"`,
		`GET /Users emails.value eq "p000007@example.com"`,
		"POST /Users",
		"PATCH /Groups/" + groups[0].ID,
		"PATCH /Groups/" + groups[1].ID,
	}
	if diff := cmp.Diff(want, lines(w.server.Requests())); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// Twenty callers at once end exactly where one after the other would, and take
// fewer requests where changes go together.
func TestBY11_ManyAtOnce(t *testing.T) {
	const people, callers = 60, 20
	for reason, q := range map[string]func(*scimserver.Quirks){
		"by the book":            func(*scimserver.Quirks) {},
		"no patch":               func(q *scimserver.Quirks) { q.NoPatch = http.StatusNotImplemented },
		"bulk":                   func(q *scimserver.Quirks) { q.Bulk = 20 },
		"bulk that tells":        func(q *scimserver.Quirks) { q.Bulk, q.BulkTells, q.ETags = 20, true, true },
		"bulk that is not there": func(q *scimserver.Quirks) { q.Bulk = 20 },
		"a limit of members": func(q *scimserver.Quirks) {
			q.MemberChanges = 100
		},
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w, access := furnished(t, immediately, quirks(q))
			if reason == "bulk that is not there" {
				w.server.Answer(http.MethodPost, "/Bulk", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					http.Error(w, "not implemented", http.StatusNotImplemented)
				}))
			}
			must(t, spread(callers, people, func(i int) error { return w.introduce(t.Context(), i, access) }))
			w.wantIn(t, people, func(int) bool { return true })
			must(t, spread(callers, people, func(i int) error {
				if i%2 == 0 {
					return w.ApplyAccess(t.Context(), clinic, numberedMember(i).Address, directory.Access{})
				}
				if i%3 == 0 {
					return w.RemoveMember(t.Context(), clinic, numberedMember(i).Address, directory.RemovalDrop)
				}
				return w.introduce(t.Context(), i, access)
			}))
			w.wantIn(t, people, func(i int) bool { return i%2 != 0 && i%3 != 0 })
			if n := len(w.server.Users()); n != people-people/6 {
				t.Errorf("%d users", n)
			}
		})
	}
}

// wantIn fails unless exactly those people are in the groups.
func (w *world) wantIn(t *testing.T, people int, in func(i int) bool) {
	t.Helper()
	var want []string
	for i := 1; i <= people; i++ {
		if in(i) {
			want = append(want, numberedMember(i).Address)
		}
	}
	names := map[string]string{}
	for _, u := range w.server.Users() {
		names[u.ID] = u.UserName
	}
	for _, g := range w.server.Groups() {
		got := map[string]int{}
		for _, id := range g.Members {
			got[names[id]]++
		}
		expected := map[string]int{}
		for _, name := range want {
			expected[name] = 1
		}
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("members of %s (-want +got):\n%s", g.DisplayName, diff)
		}
	}
}

// That somebody was just created does not stand in for a look at them when they
// are there no more, or were looked for meanwhile, or some time ago.
func TestBY11_AccessOfSomebodyWhoWasJustCreated(t *testing.T) {
	for reason, test := range map[string]struct {
		between func(*world)
		kind    directory.Kind
		looks   bool
	}{
		"at once": {between: func(*world) {}},
		"later":   {between: func(w *world) { w.clock.Step(11 * time.Second) }, looks: true},
		"observed": {between: func(w *world) {
			_, _ = w.Member(w.t.Context(), clinic, numberedMember(1).Address)
			w.server.Forget()
		}, looks: true},
		"removed there": {between: func(w *world) { w.server.DeleteUser(w.server.Users()[0].ID) }, kind: directory.KindNotFound, looks: true},
		"removed here": {between: func(w *world) {
			must(w.t, w.RemoveMember(w.t.Context(), clinic, numberedMember(1).Address, directory.RemovalDrop))
			w.server.Forget()
		}, kind: directory.KindNotFound, looks: true},
		"moved here": {between: func(w *world) {
			must(w.t, w.ChangeAddress(w.t.Context(), clinic, numberedMember(1).Address, grace))
			w.server.Forget()
		}, kind: directory.KindNotFound, looks: true},
	} {
		t.Run(reason, func(t *testing.T) {
			w, access := furnished(t, immediately)
			_, err := w.ApplyMember(t.Context(), numberedMember(1))
			must(t, err)
			w.server.Forget()
			test.between(w)
			err = w.ApplyAccess(t.Context(), clinic, numberedMember(1).Address, access)
			if test.kind != "" {
				wantKind(t, reason, err, test.kind)
			} else {
				must(t, err)
			}
			if looks := w.server.Reads() > 0; looks != test.looks {
				t.Errorf("that it looks is %t: %v", looks, lines(w.server.Requests()))
			}
			for _, g := range w.server.Groups() {
				if test.kind != "" && len(g.Members) > 0 {
					t.Errorf("%s has %v", g.DisplayName, g.Members)
				}
			}
		})
	}
}
