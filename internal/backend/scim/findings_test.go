package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// everyWrite are the methods that can say whether somebody is active.
func everyWrite() []string { return []string{http.MethodPost, http.MethodPatch, http.MethodPut} }

func full() error { return directory.Errorf(directory.KindUnavailable, "keep", "the disk is full") }

// created is how many users the service provider was asked to create.
func created(server *scimserver.Server) int {
	n := 0
	for _, r := range server.Requests() {
		if r.Method == http.MethodPost && r.Path == "/Users" {
			n++
		}
	}
	return n
}

// invited is somebody of the clinic at the address who has accepted nothing.
func invited(address string) directory.Member {
	return directory.Member{Organization: clinic, Address: address, State: directory.MemberInvited}
}

// That nobody can be kept out is learned on one person, whatever ends the
// process and wherever that breaks off.
func TestBY11_GuardNobodyIsKeptOutIsLearnedOnce(t *testing.T) {
	for _, method := range []string{"none", http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodGet, http.MethodDelete} {
		for n := range 4 {
			f, fronted := behind(t, byTheBook, everyWrite()...)
			w := newWorld(t, immediately, fronted)
			f.set(func() { f.broken[method] = n })
			_, _ = w.ApplyMember(t.Context(), invited(ada))
			f.set(func() { clear(f.broken) })
			for _, address := range []string{ada, grace, ada, "edsger@example.com"} {
				w.restart()
				if got := w.apply(invited(address)); got.State != directory.MemberInvited || got.ID != "" {
					t.Errorf("%s %d: %s is %s with the key %q", method, n, address, got.State, got.ID)
				}
			}
			if created(f.server) != 1 || len(f.server.Users()) != 0 {
				t.Errorf("%s %d: %d users were created and %d are left; want one, who is gone", method, n, created(f.server), len(f.server.Users()))
			}
			can, err := w.Capabilities(t.Context())
			must(t, err)
			if slices.Contains(can.Removals, directory.RemovalDisable) {
				t.Errorf("%s %d: removals are %v", method, n, can.Removals)
			}
		}
	}
}

// A service provider that has kept somebody out, and keeps out nobody any more, is
// found out on one person as well.
func TestBY11_GuardNobodyIsKeptOutAnyMore(t *testing.T) {
	for reason, ends := range map[string]bool{"one process": false, "several": true} {
		for _, method := range []string{"none", http.MethodPatch} {
			f, fronted := behind(t, byTheBook)
			w := newWorld(t, immediately, fronted)
			w.apply(person(directory.MemberActive))
			must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDisable))
			w.apply(invited(grace))
			before := created(f.server)
			f.set(func() {
				for _, deaf := range everyWrite() {
					f.deaf[deaf] = true
				}
				f.broken[method] = 0
			})
			for i := range 5 {
				m := invited(fmt.Sprintf("person-%d@example.com", i/2))
				got, err := w.ApplyMember(t.Context(), m)
				if err == nil && (got.State != directory.MemberInvited || got.ID != "") {
					t.Errorf("%s, %s: person %d is %s with the key %q", reason, method, i, got.State, got.ID)
				}
				if ends {
					w.restart()
				}
			}
			if n := created(f.server) - before; n != 1 || len(f.server.Users()) != 2 {
				t.Errorf("%s, %s: %d people were let in for a moment, and there are %d users", reason, method, n, len(f.server.Users()))
			}
		}
	}
}

// Nobody on whom something was learned is let go before it is kept.
func TestBY11_GuardWhatIsLearnedIsKeptFirst(t *testing.T) {
	f, fronted := behind(t, byTheBook, everyWrite()...)
	w := newWorld(t, immediately, fronted)
	_, err := w.Capabilities(t.Context())
	must(t, err)
	w.findings.Break(full())
	_, err = w.ApplyMember(t.Context(), invited(ada))
	wantKind(t, "findings that cannot be kept", err, directory.KindUnavailable)
	w.findings.Break(nil)
	for _, address := range []string{ada, grace} {
		w.restart()
		w.apply(invited(address))
	}
	w.nobodyIn(f, "after it could be kept")
	if n := created(f.server); n != 1 {
		t.Errorf("%d users were created, want one", n)
	}
}

// An edit of the IdentityBackend is the occasion to try again.
func TestBY11_GuardWhatWasLearnedIsForgottenByAnEdit(t *testing.T) {
	for _, mended := range []bool{false, true} {
		f, fronted := behind(t, byTheBook, everyWrite()...)
		w := newWorld(t, immediately, fronted)
		w.apply(invited(ada))
		if mended {
			f.set(func() { clear(f.deaf) })
		}
		w.edit()
		for range 2 {
			got := w.apply(invited(ada))
			if got.State != directory.MemberInvited || mended == (got.ID == "") {
				t.Errorf("mended %t: the member is %s with the key %q", mended, got.State, got.ID)
			}
			w.nobodyIn(f, "after an edit")
			w.restart()
		}
		if n := created(f.server); n != 2 {
			t.Errorf("mended %t: %d users were created, want one before the edit and one after it", mended, n)
		}
	}
}

// What is kept costs nothing where nothing is new.
func TestBY11_GuardFindingsAreReadOnce(t *testing.T) {
	w := newWorld(t, immediately)
	w.apply(invited(ada))
	w.apply(invited(ada))
	w.findings.Break(full())
	for range 3 {
		w.apply(invited(ada))
		if _, err := w.Capabilities(t.Context()); err != nil {
			t.Error(err)
		}
	}
	w.restart()
	_, err := w.Capabilities(t.Context())
	wantKind(t, "findings that cannot be read", err, directory.KindUnavailable)
}
