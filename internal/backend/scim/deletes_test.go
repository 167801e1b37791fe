package scim_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// deactivationDeletes is a service provider that deletes whom one deactivates.
func deactivationDeletes(q *scimserver.Quirks) { q.DeactivationDeletes = true }

// Where users are created active, whatever they are to be, and whom one
// deactivates is deleted, who is to be kept out waits outside: that is learned on
// one person, wherever it breaks off.
func TestBY11_GuardWhereDeactivatingDeletes(t *testing.T) {
	for _, state := range []directory.MemberState{directory.MemberInvited, directory.MemberDisabled} {
		for _, provisioning := range []scim.Provisioning{scim.ProvisionImmediately, scim.ProvisionOnAccept} {
			for _, method := range []string{"none", http.MethodPost, http.MethodPatch, http.MethodGet} {
				for n := range 3 {
					f, fronted := behind(t, deactivationDeletes, http.MethodPost)
					w := newWorld(t, fronted, func(s *settings) { s.backend.Provisioning = provisioning })
					f.set(func() { f.broken[method] = n })
					_, _ = w.ApplyMember(t.Context(), person(state))
					f.set(func() { clear(f.broken) })
					first := created(f.server)
					for range 3 {
						w.restart()
						got := w.apply(person(state))
						if got.State != state || got.ID != "" || got.Profile.GivenName != "Ada" {
							t.Errorf("%s, %s %d, to be %s: they are %+v", provisioning, method, n, state, got)
						}
						if u, is := f.server.User(ada); is {
							t.Errorf("%s, %s %d, to be %s: there is a user, active %t", provisioning, method, n, state, u.Active)
						}
					}
					if n := created(f.server); n > 1 || first == 1 && n != first {
						t.Errorf("%s, %s, to be %s: %d users were created", provisioning, method, state, n)
					}
					before := w.admissions.Writes() + int64(f.server.Writes())
					w.apply(person(state))
					if n := w.admissions.Writes() + int64(f.server.Writes()) - before; n != 0 {
						t.Errorf("%s, %s, to be %s: another application made %d writes", provisioning, method, state, n)
					}
				}
			}
		}
	}
}

// They are let in by accepting, and can be disabled: they are deleted then, and
// come back when they may.
func TestBY11_GuardAcceptingWhereDeactivatingDeletes(t *testing.T) {
	for _, deaf := range [][]string{nil, {http.MethodPost}} {
		f, fronted := behind(t, deactivationDeletes, deaf...)
		w := newWorld(t, fronted, immediately)
		w.apply(person(directory.MemberInvited))
		must(t, w.accept(t.Context(), clinic, ada, "Ada"))
		if u, _ := f.server.User(ada); !u.Active || w.member(ada).State != directory.MemberActive {
			t.Errorf("deaf %v: who has accepted is %s", deaf, w.member(ada).State)
		}
		can, err := w.Capabilities(t.Context())
		must(t, err)
		if !slices.Contains(can.Removals, directory.RemovalDisable) {
			t.Errorf("deaf %v: removals are %v", deaf, can.Removals)
		}
		for range 2 {
			if got := w.apply(person(directory.MemberDisabled)); got.State != directory.MemberDisabled {
				t.Errorf("deaf %v: who is disabled is %s", deaf, got.State)
			}
			if u, _ := f.server.User(ada); u.Active {
				t.Errorf("deaf %v: who is disabled can sign in", deaf)
			}
		}
		if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberActive {
			t.Errorf("deaf %v: who may come back is %s", deaf, got.State)
		}
	}
}
