package scim_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// front changes what reaches a service provider that is otherwise by the book.
type front struct {
	server *scimserver.Server

	mu sync.Mutex
	// deaf are the methods that activate whomever they are to keep out.
	deaf map[string]bool
	// broken is how many requests of the method go through until one is answered 503
	// without being done.
	broken map[string]int
	// hidden is how many listings of users show nobody, and tell that there is one.
	hidden int
}

func (f *front) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// meet reports whether the method is deaf, and whether this request fails.
func (f *front) meet(method string) (bool, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, breaks := f.broken[method]
	if breaks {
		f.broken[method] = n - 1
	}
	if n == 0 {
		delete(f.broken, method)
	}
	return f.deaf[method], breaks && n == 0
}

// hides reports whether the request is for a listing of users that is empty.
func (f *front) hides(r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hidden == 0 || r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/Users") || r.URL.Query().Has("filter") {
		return false
	}
	f.hidden--
	return true
}

func byTheBook(*scimserver.Quirks) {}

// behind puts a front before the world's service provider.
func behind(t *testing.T, habit func(*scimserver.Quirks), deaf ...string) (*front, func(*settings)) {
	t.Helper()
	var q scimserver.Quirks
	habit(&q)
	f := &front{server: scimserver.Start(t, scimserver.Options{Quirks: q}), deaf: map[string]bool{}, broken: map[string]int{}}
	for _, method := range deaf {
		f.deaf[method] = true
	}
	target, err := url.Parse(f.server.URL())
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deaf, breaks := f.meet(r.Method)
		if breaks {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if f.hides(r) {
			w.Header().Set("Content-Type", "application/scim+json")
			_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"Resources":[]}`)
			return
		}
		if deaf {
			body, _ := io.ReadAll(r.Body)
			for _, kept := range []string{`"active":false`, `"path":"active","value":false`, `"value":false,"path":"active"`} {
				body = bytes.ReplaceAll(body, []byte(kept), []byte(strings.ReplaceAll(kept, "false", "true")))
			}
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return f, func(x *settings) {
		x.client.URL, x.client.Authorize = s.URL+target.Path, protocol.BearerToken(f.server.Token())
	}
}

// nobodyIn fails when somebody can sign in, or is believed to have joined.
func (w *world) nobodyIn(f *front, when string) {
	w.t.Helper()
	if u, is := f.server.User(ada); is && u.Active {
		w.t.Errorf("%s: somebody who has accepted nothing can sign in", when)
	}
	a, err := w.admissions.Admission(w.t.Context(), clinic, ada)
	must(w.t, err)
	if a.State != directory.MemberInvited || !a.JoinedAt.IsZero() {
		w.t.Errorf("%s: the admission is %s, joined at %s", when, a.State, a.JoinedAt)
	}
}

// Whoever was created active against our word is kept out in the end, wherever
// that broke off and whether or not the process remembers.
func TestBY11_GuardWhoIsCreatedActive(t *testing.T) {
	for reason, q := range map[string]func(*scimserver.Quirks){
		"keys": byTheBook, "no keys": func(q *scimserver.Quirks) { q.NoExternalID = true },
	} {
		for _, method := range []string{"none", http.MethodPost, http.MethodPatch, http.MethodGet} {
			for n := range 8 {
				f, fronted := behind(t, q, http.MethodPost)
				w := newWorld(t, immediately, fronted)
				f.set(func() { f.broken[method] = n })
				_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
				f.set(func() { clear(f.broken) })
				if err != nil {
					w.restart()
				}
				got := w.apply(person(directory.MemberInvited))
				when := reason + ", " + method + " " + string(rune('0'+n))
				if got.State != directory.MemberInvited {
					t.Errorf("%s: the member is %s", when, got.State)
				}
				w.nobodyIn(f, when)
				must(t, w.accept(t.Context(), clinic, ada, "Ada"))
				if u, _ := f.server.User(ada); !u.Active || w.member(ada).State != directory.MemberActive {
					t.Errorf("%s: who has accepted cannot sign in", when)
				}
			}
		}
	}
}

// Who was active before we came stays so, wherever the adoption breaks off.
func TestBY11_GuardWhoIsAdopted(t *testing.T) {
	for reason, key := range map[string]string{"no key": "", "our key": "team/clinic/" + ada, "another's key": "4711"} {
		for _, pending := range []bool{false, true} {
			for _, method := range []string{"none", http.MethodPost, http.MethodPatch, http.MethodGet} {
				for n := range 6 {
					f, fronted := behind(t, byTheBook)
					provisioning := immediately
					if pending {
						provisioning = func(s *settings) { s.backend.Provisioning = scim.ProvisionOnAccept }
					}
					w := newWorld(t, provisioning, fronted)
					if pending {
						w.apply(person(directory.MemberInvited))
					}
					f.server.PutUser(scimserver.User{UserName: ada, ExternalID: key, Active: true})
					f.set(func() { f.broken[method] = n })
					if _, err := w.ApplyMember(t.Context(), person(directory.MemberInvited)); err != nil {
						w.restart()
					}
					f.set(func() { clear(f.broken) })
					got := w.apply(person(directory.MemberInvited))
					if u, _ := f.server.User(ada); !u.Active || got.State != directory.MemberActive || got.JoinedAt.IsZero() {
						t.Errorf("%s, pending %t, %s %d: user active %t, member %s since %s", reason, pending, method, n, u.Active, got.State, got.JoinedAt)
					}
				}
			}
		}
	}
}

// Where nobody can be kept out, who was created for that is removed again, and
// waits outside; and whoever is in can be removed.
func TestBY11_GuardWhereNobodyIsKeptOut(t *testing.T) {
	for _, broken := range []bool{false, true} {
		f, fronted := behind(t, byTheBook, http.MethodPost, http.MethodPatch, http.MethodPut)
		w := newWorld(t, immediately, fronted)
		if broken {
			f.set(func() { f.broken[http.MethodDelete] = 0 })
			_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
			wantKind(t, "a removal that broke off", err, directory.KindUnavailable)
			w.restart()
		}
		for range 3 {
			if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberInvited || got.ID != "" || got.Profile.GivenName != "Ada" {
				t.Errorf("broken %t: the member is %+v", broken, got)
			}
			w.nobodyIn(f, "where nobody is kept out")
		}
		if n := len(f.server.Users()); n != 0 {
			t.Errorf("broken %t: %d users are left", broken, n)
		}
		can, err := w.Capabilities(t.Context())
		must(t, err)
		if slices.Contains(can.Removals, directory.RemovalDisable) {
			t.Errorf("broken %t: removals are %v", broken, can.Removals)
		}
		must(t, w.accept(t.Context(), clinic, ada, "Ada"))
		if u, _ := f.server.User(ada); !u.Active {
			t.Errorf("broken %t: who has accepted cannot sign in", broken)
		}
		w.restart()
		must(t, w.RemoveMember(t.Context(), clinic, ada, directory.RemovalDrop))
		if n := len(f.server.Users()); n != 0 {
			t.Errorf("broken %t: %d users after removal", broken, n)
		}
	}
}

// Where nobody is deleted either, they are never believed to have joined.
func TestBY11_GuardWhereNothingCanBeDone(t *testing.T) {
	f, fronted := behind(t, func(q *scimserver.Quirks) { q.NoDelete = http.StatusMethodNotAllowed }, http.MethodPost, http.MethodPatch, http.MethodPut)
	w := newWorld(t, immediately, fronted)
	for range 3 {
		_, err := w.ApplyMember(t.Context(), person(directory.MemberInvited))
		wantKind(t, "neither disabled nor deleted", err, directory.KindUnsupported)
		a, err := w.admissions.Admission(t.Context(), clinic, ada)
		must(t, err)
		if a.State != directory.MemberInvited || !a.JoinedAt.IsZero() {
			t.Errorf("the admission is %s since %s", a.State, a.JoinedAt)
		}
		w.restart()
	}
	if len(f.server.Users()) != 1 {
		t.Error("there is more than the one user")
	}
}

// Who was removed at the service provider's console comes back by accepting only.
func TestBY11_GuardWhoWasRemovedThere(t *testing.T) {
	for _, provisioning := range []scim.Provisioning{scim.ProvisionOnAccept, scim.ProvisionImmediately} {
		w := newWorld(t, func(s *settings) { s.backend.Provisioning = provisioning })
		w.apply(person(directory.MemberActive))
		u, _ := w.server.User(ada)
		w.server.DeleteUser(u.ID)
		for i := range 3 {
			w.clock.Step(time.Hour)
			if got := w.apply(person(directory.MemberInvited)); got.State != directory.MemberInvited {
				t.Errorf("%s: after %d applications they are %s", provisioning, i+1, got.State)
			}
			w.nobodyIn(&front{server: w.server}, string(provisioning))
		}
		must(t, w.accept(t.Context(), clinic, ada, "Ada"))
		if got := w.member(ada); got.State != directory.MemberActive || !got.JoinedAt.Equal(w.clock.Now()) {
			t.Errorf("%s: after acceptance they are %s since %s", provisioning, got.State, got.JoinedAt)
		}
	}
}

// Of another client's users those are deactivated whom we let in.
func TestBY11_GuardWhomWeLetInWhenTheOrganizationGoes(t *testing.T) {
	w := newWorld(t)
	w.server.PutUser(scimserver.User{UserName: ada, ExternalID: "hr-1"})
	w.server.PutUser(scimserver.User{UserName: grace, ExternalID: "hr-2", Active: true})
	for _, address := range []string{ada, grace} {
		w.apply(directory.Member{Organization: clinic, Address: address, State: directory.MemberInvited})
	}
	for range 2 {
		must(t, w.accept(t.Context(), clinic, ada, "Ada"))
	}
	if u, _ := w.server.User(ada); !u.Active {
		t.Fatal("who has accepted cannot sign in")
	}
	must(t, w.RemoveOrganization(t.Context(), clinic))
	if u, is := w.server.User(ada); !is || u.Active {
		t.Errorf("whom we let in: there %t, active %t", is, u.Active)
	}
	if u, is := w.server.User(grace); !is || !u.Active {
		t.Errorf("who was in before: there %t, active %t", is, u.Active)
	}
}

// What the service provider once said of itself holds while it says nothing, and
// until it is forgotten.
func TestBY11_GuardWhatWasDiscovered(t *testing.T) {
	for reason, answer := range map[string]http.HandlerFunc{
		"a page for people": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>Back soon")) },
		"missing":           http.NotFound,
	} {
		w := newWorld(t, func(s *settings) {
			s.backend.Mapping.Attributes = []scim.Attribute{{Field: "attributes.badge", Path: "badge"}}
		})
		before, err := w.Capabilities(t.Context())
		must(t, err)
		for _, document := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
			w.server.Answer(http.MethodGet, document, answer)
		}
		for range 2 {
			w.clock.Step(25 * time.Hour)
			after, err := w.Capabilities(t.Context())
			must(t, err)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("%s (-before +after):\n%s", reason, diff)
			}
		}
		w.client.Forget()
		after, err := w.Capabilities(t.Context())
		must(t, err)
		if cmp.Equal(before, after) {
			t.Errorf("%s: what was forgotten still holds", reason)
		}
	}
}
