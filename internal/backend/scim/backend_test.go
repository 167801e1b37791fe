package scim_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

func person(state directory.MemberState) directory.Member {
	return directory.Member{
		Organization: clinic, Address: ada, State: state,
		Profile: directory.Profile{DisplayName: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace"},
	}
}

func (w *world) apply(m directory.Member) directory.ObservedMember {
	w.t.Helper()
	o, err := w.ApplyMember(w.t.Context(), m)
	must(w.t, err)
	return o
}

func (w *world) member(address string) directory.ObservedMember {
	w.t.Helper()
	o, err := w.Member(w.t.Context(), clinic, address)
	must(w.t, err)
	return o
}

func wantKind(t *testing.T, what string, err error, want directory.Kind) {
	t.Helper()
	var e *directory.Error
	if !errors.As(err, &e) || directory.KindOf(err) != want || strings.Contains(err.Error(), "@") {
		t.Errorf("%s: %s, %v; want kind %s and nobody's address", what, directory.KindOf(err), err, want)
	}
}

func TestNewRefusesWhatIsMissingOrWrong(t *testing.T) {
	for reason, change := range map[string]func(*scim.Options){
		"no client":               func(o *scim.Options) { o.Client = nil },
		"no admissions":           func(o *scim.Options) { o.Admissions = nil },
		"no findings":             func(o *scim.Options) { o.Findings = nil },
		"no clock":                func(o *scim.Options) { o.Clock = nil },
		"another provisioning":    func(o *scim.Options) { o.Provisioning = "Later" },
		"another holder":          func(o *scim.Options) { o.Mapping.Units.In = "Somewhere" },
		"no attribute":            func(o *scim.Options) { o.Mapping.Roles.In = scim.HeldInAttribute },
		"no path":                 func(o *scim.Options) { o.Mapping.Attributes = []scim.Attribute{{Field: "title", Path: "a b"}} },
		"what is kept otherwise":  func(o *scim.Options) { o.Mapping.Attributes = []scim.Attribute{{Field: "title", Path: "userName"}} },
		"a holder that is active": func(o *scim.Options) { o.Mapping.Roles = scim.Holding{In: scim.HeldInAttribute, Attribute: "active"} },
	} {
		w := newWorld(t)
		change(&w.options)
		if _, err := scim.New(w.options); err == nil {
			t.Errorf("%s: accepted", reason)
		}
	}
}

// What somebody is to have waits in the admission until they accept; then they
// are looked for and created, and given that, and nothing is asked twice.
func TestBY11_OnAcceptCreatesWhoAccepts(t *testing.T) {
	w := newWorld(t)
	must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
	w.apply(person(directory.MemberInvited))
	access := directory.Access{Units: []string{"north"}}
	must(t, w.ApplyAccess(t.Context(), clinic, ada, access))
	if n := len(w.server.Users()); n != 0 {
		t.Fatalf("%d users before acceptance", n)
	}
	a, err := w.admissions.Admission(t.Context(), clinic, ada)
	must(t, err)
	accepted := a
	accepted.State, accepted.JoinedAt, accepted.ConfirmedName = directory.MemberActive, w.clock.Now(), "Ada L."
	must(t, w.admissions.Admit(t.Context(), accepted, a))
	if got := w.member(ada); got.State != directory.MemberInvited || !got.JoinedAt.IsZero() {
		t.Errorf("who has accepted and is yet to be created is %s since %s", got.State, got.JoinedAt)
	}
	w.server.Forget()
	got := w.apply(person(directory.MemberInvited))
	want := person(directory.MemberActive)
	if diff := cmp.Diff(directory.ObservedMember{Member: want, ID: got.ID, ConfirmedName: "Ada L.", Access: access, JoinedAt: w.clock.Now()}, got); diff != "" || got.ID == "" {
		t.Errorf("after acceptance (-want +got):\n%s", diff)
	}
	var methods []string
	for _, r := range w.server.Requests() {
		methods = append(methods, r.Method+" "+strings.SplitN(r.Path[1:], "/", 2)[0])
	}
	if diff := cmp.Diff([]string{"GET Users", "POST Users", "PATCH Groups", "GET Users"}, methods[:min(4, len(methods))]); diff != "" {
		t.Errorf("requests on acceptance (-want +got):\n%s", told(w.server.Requests()))
	}
	if u, _ := w.server.User(ada); u.Attributes["displayName"] != "Ada L." || u.ExternalID != "team/clinic/"+ada {
		t.Errorf("the user is %+v", u)
	}
}

func TestBY11_WhatOthersDidToTheUser(t *testing.T) {
	for reason, test := range map[string]struct {
		do   func(*world, scimserver.User)
		want directory.MemberState
	}{
		"deactivated": {func(w *world, u scimserver.User) { u.Active = false; w.server.PutUser(u) }, directory.MemberDisabled},
		"removed":     {func(w *world, u scimserver.User) { w.server.DeleteUser(u.ID) }, ""},
		"renamed":     {func(w *world, u scimserver.User) { u.UserName = "other@example.com"; w.server.PutUser(u) }, directory.MemberActive},
	} {
		w := newWorld(t)
		w.apply(person(directory.MemberActive))
		u, _ := w.server.User(ada)
		test.do(w, u)
		if test.want != "" {
			if got := w.member(ada).State; got != test.want {
				t.Errorf("%s: %s, want %s", reason, got, test.want)
			}
			continue
		}
		_, err := w.Member(t.Context(), clinic, ada)
		wantKind(t, reason, err, directory.KindNotFound)
		if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberInvited || got.ID != "" {
			t.Errorf("%s, and declared again: %s with the key %q; want an invitation", reason, got.State, got.ID)
		}
	}
}

// Keys of others are neither overwritten nor followed.
func TestBY11_KeysOfOthers(t *testing.T) {
	w := newWorld(t)
	w.server.PutUser(scimserver.User{UserName: ada, ExternalID: "4711", Active: true})
	w.server.PutUser(scimserver.User{UserName: grace, ExternalID: "team/other/" + grace, Active: true})
	w.apply(person(directory.MemberInvited))
	if u, _ := w.server.User(ada); u.ExternalID != "4711" || u.Attributes["displayName"] != "Ada Lovelace" {
		t.Errorf("the user of another client is %+v", u)
	}
	_, err := w.Member(t.Context(), clinic, grace)
	wantKind(t, "another organization's", err, directory.KindNotFound)
	_, err = w.ApplyMember(t.Context(), directory.Member{Organization: clinic, Address: grace, State: directory.MemberActive})
	wantKind(t, "to create another organization's", err, directory.KindExists)
	must(t, w.RemoveMember(t.Context(), clinic, grace, directory.RemovalDelete))
	must(t, w.RemoveOrganization(t.Context(), clinic))
	all, _ := w.list()
	if len(w.server.Users()) != 2 || len(all) != 1 || all[0].Address != ada {
		t.Errorf("%d users, of whom %v are members; want both, and the one", len(w.server.Users()), all)
	}
}

func TestBY11_OfSeveralWithOneKey(t *testing.T) {
	w := newWorld(t)
	key := "team/clinic/" + ada
	right := w.server.PutUser(scimserver.User{UserName: ada, ExternalID: key, Active: true})
	w.server.PutUser(scimserver.User{UserName: "copy", ExternalID: key, Active: true})
	if got := w.member(ada); got.ID != right {
		t.Errorf("the member is %s, want the one whose userName is the address", got.ID)
	}
	w.server.PutUser(scimserver.User{UserName: ada, ExternalID: key, Active: true})
	before := w.writes()
	_, err := w.ApplyMember(t.Context(), person(directory.MemberActive))
	wantKind(t, "two whose userName is the address", err, directory.KindExists)
	if w.writes() != before {
		t.Error("something was written")
	}
}

func TestBY11_GroupsOfOthersAreNotAdopted(t *testing.T) {
	w := newWorld(t, quirks(func(q *scimserver.Quirks) { q.UniqueGroupNames = true }))
	w.server.PutGroup(scimserver.Group{DisplayName: "North"})
	unit := directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}
	for range 2 {
		must(t, w.ApplyUnit(t.Context(), unit))
	}
	if g, _ := w.server.Group("North"); g.ExternalID != "" {
		t.Errorf("the group of others has our key: %+v", g)
	}
	if g, is := w.server.Group("North [unit north]"); !is || g.ExternalID != "team/clinic/units/north" {
		t.Errorf("our group is %+v", g)
	}
}

// That DELETE is refused is learnt when it is first tried, and then nothing has
// changed; so is that what was deleted is kept.
func TestBY11_ServiceProvidersThatDeleteNobody(t *testing.T) {
	for reason, test := range map[string]struct {
		quirk func(*scimserver.Quirks)
		state directory.MemberState
	}{
		"refused": {func(q *scimserver.Quirks) { q.NoDelete = http.StatusMethodNotAllowed }, directory.MemberActive},
		"kept":    {func(q *scimserver.Quirks) { q.DeleteDeactivates = true }, directory.MemberDisabled},
	} {
		w := newWorld(t, quirks(test.quirk))
		w.apply(person(directory.MemberActive))
		wantKind(t, reason, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop), directory.KindUnsupported)
		if got := w.member(ada).State; got != test.state {
			t.Errorf("%s: the member is %s, want %s", reason, got, test.state)
		}
		can, err := w.Capabilities(t.Context())
		must(t, err)
		if !slices.Equal(can.Removals, []directory.Removal{directory.RemovalDisable}) {
			t.Errorf("%s: %v", reason, can.Removals)
		}
		must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDisable))
		must(t, w.RemoveOrganization(t.Context(), clinic))
	}
}

func TestBY11_AddressChangeThatBrokeOff(t *testing.T) {
	w := newWorld(t)
	w.apply(person(directory.MemberInvited))
	w.clock.Step(time.Hour)
	must(t, w.accept(t.Context(), clinic, ada, "Ada L."))
	want := w.member(ada)
	must(t, w.ChangeAddress(t.Context(), clinic, ada, grace))
	must(t, w.admissions.Readdress(t.Context(), clinic, grace, ada)) // as if it had not come to that
	must(t, w.ChangeAddress(t.Context(), clinic, ada, grace))
	want.Address = grace
	if want.ConfirmedName == "" {
		t.Fatal("there is nothing that the admission remembers")
	}
	if diff := cmp.Diff(want, w.member(grace)); diff != "" {
		t.Errorf("the member (-want +got):\n%s", diff)
	}
	u, _ := w.server.User(grace)
	if u.ExternalID != "team/clinic/"+grace || !strings.Contains(told(w.server.Requests()), `"path":"emails"`) {
		t.Errorf("the user is %+v", u)
	}
	_, err := w.Member(t.Context(), clinic, ada)
	wantKind(t, "the old address", err, directory.KindNotFound)
}

// portal accepts between two steps of a call.
type portal struct {
	*admissions
	before func()
}

func (p portal) Admit(ctx context.Context, a, known directory.Admission) error {
	p.before()
	return p.admissions.Admit(ctx, a, known)
}

func TestBY11_ThePortalIsFaster(t *testing.T) {
	w := newWorld(t)
	w.apply(person(directory.MemberInvited))
	w.options.Admissions = portal{w.admissions, func() {
		a, _ := w.admissions.Admission(t.Context(), clinic, ada)
		a.State, a.JoinedAt = directory.MemberActive, w.clock.Now()
		w.admit(a)
	}}
	w.restart()
	m := person(directory.MemberDisabled)
	_, err := w.ApplyMember(t.Context(), m)
	wantKind(t, "an acceptance in between", err, directory.KindConflict)
}

func TestBY11_FieldsThatTheServiceProviderLoses(t *testing.T) {
	w := newWorld(t, quirks(func(q *scimserver.Quirks) { q.NoSchemas = true }), func(s *settings) {
		s.backend.Mapping.Attributes = []scim.Attribute{{Field: "attributes.badge", Path: "urn:example:2.0:User:badge"}}
	})
	m := person(directory.MemberActive)
	m.Profile.Attributes = map[string]string{"badge": "7"}
	w.apply(m)
	before := w.writes()
	w.apply(m)
	can, err := w.Capabilities(t.Context())
	must(t, err)
	if w.writes() != before || can.Keeps("attributes.badge") {
		t.Errorf("%d writes for a field that is not kept; kept are %v", w.writes()-before, can.Fields)
	}
}

func TestBY11_WhatIsNotScimIsNoAbsence(t *testing.T) {
	for reason, answer := range map[string]http.HandlerFunc{
		"a page for people": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>Sign in")) },
		"a part of json":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"schemas": ["urn:`)) },
		"an empty object":   func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) },
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"Resources": [` + strings.Repeat(" ", 10<<20) + `]}`))
		},
		"another host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/scim/v2/Users", http.StatusTemporaryRedirect)
		},
	} {
		w := newWorld(t)
		w.apply(person(directory.MemberActive))
		end := w.server.Answer(http.MethodGet, "/Users", answer)
		before := w.writes()
		for what, call := range map[string]func() error{
			"observe": func() error { _, err := w.Member(t.Context(), clinic, ada); return err },
			"apply":   func() error { _, err := w.ApplyMember(t.Context(), person(directory.MemberInvited)); return err },
			"list":    func() error { _, err := w.ListMembers(t.Context(), clinic, ""); return err },
			"remove":  func() error { return w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop) },
		} {
			err := call()
			switch directory.KindOf(err) {
			case directory.KindUnavailable, directory.KindCredentials, directory.KindInternal, directory.KindDenied:
			default:
				t.Errorf("%s, %s: %s, %v", reason, what, directory.KindOf(err), err)
			}
		}
		end()
		if w.writes() != before {
			t.Errorf("%s: %d writes", reason, w.writes()-before)
		}
		if got := w.member(ada).State; got != directory.MemberActive {
			t.Errorf("%s: the member is %s afterwards", reason, got)
		}
	}
}
