package scim_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// keyless is a service provider that keeps no externalId.
func keyless(q *scimserver.Quirks) { q.NoExternalID = true }

// Whoever is created to be kept out is told invited, or disabled, from the first
// moment on, whatever the service provider makes of them.
func TestBY11_GuardNobodyIsToldActiveWhoWasNotLetIn(t *testing.T) {
	for reason, habit := range map[string]func(*scimserver.Quirks){"keys": byTheBook, "no keys": keyless} {
		for _, state := range []directory.MemberState{directory.MemberInvited, directory.MemberDisabled} {
			f, fronted := behind(t, habit, http.MethodPost)
			w := newWorld(t, immediately, fronted)
			f.set(func() { f.broken[http.MethodPatch] = 0 })
			_, err := w.ApplyMember(t.Context(), person(state))
			wantKind(t, reason, err, directory.KindUnavailable)
			if u, _ := f.server.User(ada); !u.Active {
				t.Fatal("the service provider keeps them out by itself")
			}
			for range 2 {
				all, _ := w.list()
				for _, got := range append(all, w.member(ada)) {
					if got.State != state || !got.JoinedAt.IsZero() {
						t.Errorf("%s: who is to be %s is told %s since %s", reason, state, got.State, got.JoinedAt)
					}
				}
				w.restart()
			}
			if got := w.apply(person(state)); got.State != state {
				t.Errorf("%s: after another application they are %s, want %s", reason, got.State, state)
			}
			if u, _ := f.server.User(ada); u.Active {
				t.Errorf("%s: they can sign in", reason)
			}
		}
	}
}

// strangerAdded is a world in which creating somebody was asked for in vain, and
// somebody else has added them, active and with no key, since.
func strangerAdded(t *testing.T, habit func(*scimserver.Quirks), changes ...func(*settings)) (*world, *front) {
	t.Helper()
	f, fronted := behind(t, habit)
	w := newWorld(t, append(changes, immediately, fronted)...)
	f.set(func() { f.broken[http.MethodPost] = 0 })
	_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
	wantKind(t, "a creation that broke off", err, directory.KindUnavailable)
	f.server.PutUser(scimserver.User{UserName: ada, Active: true, Attributes: map[string]any{
		"roles": []any{map[string]any{"value": "north"}}, "entitlements": []any{map[string]any{"value": "lead"}},
	}})
	return w, f
}

// Of whom it cannot be told whether we created them, nothing is changed, until
// somebody decides.
func TestBY11_GuardWhoMayBeAStranger(t *testing.T) {
	for reason, habit := range map[string]func(*scimserver.Quirks){"keys": byTheBook, "no keys": keyless} {
		for _, restarted := range []bool{false, true} {
			w, f := strangerAdded(t, habit)
			for range 2 {
				if restarted {
					w.restart()
				}
				before := f.server.Writes()
				_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
				wantKind(t, reason, err, directory.KindExists)
				wantKind(t, reason, w.RemoveOrganization(t.Context(), clinic), directory.KindExists)
				if u, _ := f.server.User(ada); !u.Active || f.server.Writes() != before {
					t.Errorf("%s: the stranger is active %t after %d writes", reason, u.Active, f.server.Writes()-before)
				}
				if got := w.member(ada); got.State != directory.MemberInvited || !got.JoinedAt.IsZero() {
					t.Errorf("%s: told %s since %s", reason, got.State, got.JoinedAt)
				}
			}
			must(t, w.accept(t.Context(), clinic, ada, "Ada"))
			if u, _ := f.server.User(ada); !u.Active || w.member(ada).State != directory.MemberActive {
				t.Errorf("%s: who has accepted is active %t, and %s", reason, u.Active, w.member(ada).State)
			}
		}
	}
}

// Whoever deactivates them says that they are to be let in by accepting.
func TestBY11_GuardWhoMayBeAStrangerIsDeactivatedThere(t *testing.T) {
	w, f := strangerAdded(t, keyless)
	u, _ := f.server.User(ada)
	u.Active = false
	f.server.PutUser(u)
	if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberInvited || got.ID != u.ID {
		t.Errorf("they are %s with the key %q, want invited with %q", got.State, got.ID, u.ID)
	}
	w.nobodyIn(f, "deactivated there")
}

// Where users are known to keep keys, who has none was not created by us, and is
// adopted as they are; the organization takes nobody along whom it never had.
func TestBY11_GuardStrangersWhereKeysAreKept(t *testing.T) {
	for _, goes := range []bool{false, true} {
		w, f := strangerAdded(t, byTheBook)
		w.apply(invited(grace))
		w.restart()
		if goes {
			must(t, w.RemoveOrganization(t.Context(), clinic))
			if u, is := f.server.User(ada); !is || !u.Active || len(f.server.Users()) != 1 {
				t.Errorf("after the organization: the stranger is there %t and active %t, among %d", is, u.Active, len(f.server.Users()))
			}
			continue
		}
		if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberActive || got.JoinedAt.IsZero() {
			t.Errorf("the stranger is %s since %s", got.State, got.JoinedAt)
		}
		if u, _ := f.server.User(ada); !u.Active {
			t.Error("the stranger cannot sign in any more")
		}
	}
}

// Whom we created without a key we know by the id that the answer told; whoever
// has taken their place is somebody else.
func TestBY11_GuardWhoHasTakenThePlace(t *testing.T) {
	f, fronted := behind(t, keyless, http.MethodPost)
	w := newWorld(t, immediately, fronted)
	f.set(func() { f.broken[http.MethodPatch] = 0 })
	_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
	wantKind(t, "a creation that broke off", err, directory.KindUnavailable)
	u, _ := f.server.User(ada)
	f.server.DeleteUser(u.ID)
	f.server.PutUser(scimserver.User{UserName: ada, Active: true})
	w.restart()
	if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberActive {
		t.Errorf("who was added since is %s", got.State)
	}
	if u, _ := f.server.User(ada); !u.Active {
		t.Error("who was added since cannot sign in any more")
	}
}

// An organization that goes leaves alone whom it waited for and never had.
func TestBY11_GuardWhoWasAwaitedWhenTheOrganizationGoes(t *testing.T) {
	for reason, habit := range map[string]func(*scimserver.Quirks){"keys": byTheBook, "no keys": keyless} {
		w := newWorld(t, quirks(habit))
		w.apply(person(directory.MemberInvited))
		w.server.PutUser(scimserver.User{UserName: ada, Active: true})
		must(t, w.RemoveOrganization(t.Context(), clinic))
		if u, is := w.server.User(ada); !is || !u.Active {
			t.Errorf("%s: who was never ours is there %t and active %t", reason, is, u.Active)
		}
	}
}

// Whatever is asked for somebody in whose place there may be a stranger, nothing
// is done to the stranger; who is removed is waited for no more.
func TestBY11_GuardNothingIsDoneToAStranger(t *testing.T) {
	access := directory.Access{Units: []string{"north"}, Grants: []directory.Grant{{Role: "lead"}}}
	apply := func(state directory.MemberState) func(*world) error {
		return func(w *world) error { _, err := w.ApplyMember(w.t.Context(), person(state)); return err }
	}
	remove := func(how directory.Removal) func(*world) error {
		return func(w *world) error { return w.RemoveMember(w.t.Context(), clinic, ada, how) }
	}
	for reason, test := range map[string]struct {
		call func(*world) error
		kind directory.Kind
		ends bool
	}{
		"drop":           {call: remove(directory.RemovalDrop), ends: true},
		"delete":         {call: remove(directory.RemovalDelete), ends: true},
		"disable":        {call: remove(directory.RemovalDisable), ends: true},
		"apply invited":  {call: apply(directory.MemberInvited), kind: directory.KindExists},
		"apply disabled": {call: apply(directory.MemberDisabled), kind: directory.KindExists},
		"apply active":   {call: apply(directory.MemberActive), kind: directory.KindExists},
		"access": {
			call: func(w *world) error { return w.ApplyAccess(w.t.Context(), clinic, ada, access) }, kind: directory.KindExists,
		},
		"move": {
			call: func(w *world) error { return w.ChangeAddress(w.t.Context(), clinic, ada, grace) }, kind: directory.KindExists,
		},
		"remove a unit": {call: func(w *world) error { return w.RemoveUnit(w.t.Context(), clinic, "north") }},
	} {
		for habit, quirk := range map[string]func(*scimserver.Quirks){"keys": byTheBook, "no keys": keyless} {
			for _, in := range []scim.Holder{scim.HeldInGroups, scim.HeldInAttribute} {
				w, f := strangerAdded(t, quirk, func(s *settings) {
					s.backend.Mapping.Units, s.backend.Mapping.Roles = scim.Holding{In: in}, scim.Holding{In: in}
					if in == scim.HeldInAttribute {
						s.backend.Mapping.Units.Attribute, s.backend.Mapping.Roles.Attribute = "roles", "entitlements"
					}
				})
				must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
				must(t, w.ApplyRole(t.Context(), directory.Role{Organization: clinic, Name: "lead", DisplayName: "Lead"}))
				stranger, _ := f.server.User(ada)
				wantDone(t, reason, test.call(w), test.kind)
				if diff := cmp.Diff(stranger, userOf(f, ada)); diff != "" {
					t.Errorf("%s, %s, %s: the stranger (-before +after):\n%s", reason, habit, in, diff)
				}
				for _, g := range f.server.Groups() {
					if len(g.Members) > 0 {
						t.Errorf("%s, %s: %s has %v", reason, habit, g.DisplayName, g.Members)
					}
				}
				_, err := w.admissions.Admission(t.Context(), clinic, ada)
				if ends := directory.IsKind(err, directory.KindNotFound); ends != test.ends {
					t.Errorf("%s, %s: that nobody is waited for any more is %t", reason, habit, ends)
				}
			}
		}
	}
}

// wantDone fails unless the error is of the kind, of which the empty one is none.
func wantDone(t *testing.T, what string, err error, kind directory.Kind) {
	t.Helper()
	if directory.KindOf(err) != kind {
		t.Errorf("%s: %s, %v; want kind %q", what, directory.KindOf(err), err, kind)
	}
}

func userOf(f *front, address string) scimserver.User {
	u, _ := f.server.User(address)
	return u
}

// Somebody whom others have added to where we waited is nobody's before they are
// adopted: they get no access and do not go, and then both.
func TestBY11_GuardAStrangerInTheirPlaceIsAdoptedFirst(t *testing.T) {
	access := directory.Access{Units: []string{"north"}}
	for reason, adopted := range map[string]bool{"not adopted": false, "adopted": true} {
		w := newWorld(t)
		must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: "north", DisplayName: "North"}))
		m := invited(grace)
		m.State = directory.MemberActive
		w.apply(m)
		w.apply(person(directory.MemberInvited))
		w.server.PutUser(scimserver.User{UserName: ada, Active: true})
		kind := directory.KindConflict
		if adopted {
			w.apply(person(directory.MemberInvited))
			kind = ""
		}
		wantDone(t, reason, w.ApplyAccess(t.Context(), clinic, ada, access), kind)
		must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
		if _, is := w.server.User(ada); is == adopted {
			t.Errorf("%s: after the removal they are there %t", reason, is)
		}
		// Whoever asks now has looked at the list of members.
		must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
		if _, is := w.server.User(ada); is {
			t.Errorf("%s: who is to go, whoever they are, is there", reason)
		}
	}
}
