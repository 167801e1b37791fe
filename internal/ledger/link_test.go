package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const open = "open-day"

// link asks for the link that most tests are about.
func link(change ...func(*directory.LinkRequest)) directory.LinkRequest {
	r := directory.LinkRequest{
		Organization: clinic, Name: open, Rotation: 1, MaxUses: 2, ExpiresAfter: week,
		Details: directory.InvitationDetails{OrganizationName: "Clinic", Roles: []string{"Clinician"}},
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

func (w *world) publish(change ...func(*directory.LinkRequest)) directory.SharedLink {
	w.t.Helper()
	applied, err := w.ApplyLink(w.t.Context(), link(change...))
	if err != nil {
		w.t.Fatal(err)
	}
	return applied
}

// linkToken is the token of the link as it is now.
func (w *world) linkToken() string {
	w.t.Helper()
	url, err := w.LinkURL(w.t.Context(), clinic, open)
	if err != nil {
		w.t.Fatal(err)
	}
	token, ok := strings.CutPrefix(url, baseURL+"/j/")
	if !ok {
		w.t.Fatal("the link is not below the base URL")
	}
	return token
}

func (w *world) status() directory.SharedLink {
	w.t.Helper()
	s, err := w.LinkStatus(w.t.Context(), clinic, open)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestHE4_ALinkIsIssuedOnce(t *testing.T) {
	eachDatabase(t, func(w *world) {
		got := w.publish()
		want := directory.SharedLink{
			Organization: clinic, Name: open, Rotation: 1, MaxUses: 2, Domains: []string{}, Details: link().Details,
			IssuedAt: start, ExpiresAt: start.Add(week), State: directory.LinkOpen,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("issued (-want +got):\n%s", diff)
		}
		token := w.linkToken()
		if found, err := w.LookupLink(w.t.Context(), token); err != nil || found.Name != open {
			w.t.Errorf("looked up %q, %v", found.Name, err)
		}
		observer := databasetest.Second(w.t, w.db)
		before := w.fingerprint(observer)
		w.clock.Step(time.Hour)
		again := w.publish()
		if diff := cmp.Diff(want, again); diff != "" {
			w.t.Errorf("applied again (-want +got):\n%s", diff)
		}
		if after := w.fingerprint(observer); after != before {
			w.t.Errorf("applying what is there wrote:\n%s\nthen\n%s", before, after)
		}
		if w.linkToken() != token {
			w.t.Error("the link is another one after applying it again")
		}
	})
}

// Every wish has its effect on the link that is there, and none makes another
// but a rotation.
func TestHE4_ALinkChanges(t *testing.T) {
	for name, test := range map[string]struct {
		reason  string
		change  func(*directory.LinkRequest)
		state   directory.LinkState
		another bool
	}{
		"rotated":          {"the older one dies", func(r *directory.LinkRequest) { r.Rotation = 2 }, directory.LinkOpen, true},
		"rotated back":     {"what died stays dead", func(r *directory.LinkRequest) { r.Rotation = 1 }, directory.LinkOpen, false},
		"closed":           {"nobody joins", func(r *directory.LinkRequest) { r.Closed = true }, directory.LinkClosed, false},
		"for a short time": {"counted from the issue", func(r *directory.LinkRequest) { r.ExpiresAfter = time.Minute }, directory.LinkExpired, false},
		"for fewer":        {"takes nobody out", func(r *directory.LinkRequest) { r.MaxUses = 1 }, directory.LinkOpen, false},
		"of a domain":      {"others cannot join", func(r *directory.LinkRequest) { r.Domains = []string{"example.com"} }, directory.LinkOpen, false},
		"to other roles":   {"told from now on", func(r *directory.LinkRequest) { r.Details.Roles = nil }, directory.LinkOpen, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				w.publish()
				token := w.linkToken()
				w.clock.Step(time.Hour)
				if got := w.publish(test.change); got.State != test.state {
					w.t.Errorf("%s: the link is %s, want %s", test.reason, got.State, test.state)
				}
				if another := w.linkToken() != token; another != test.another {
					w.t.Errorf("%s: another link: %t", test.reason, another)
				}
				_, err := w.LookupLink(w.t.Context(), token)
				if died := directory.IsKind(err, directory.KindNotFound); died != test.another {
					w.t.Errorf("%s: the link of before died: %t (%v)", test.reason, died, err)
				}
			})
		})
	}
}

func TestHE4_ALinkIsRefused(t *testing.T) {
	for reason, change := range map[string]func(*directory.LinkRequest){
		"no name":            func(r *directory.LinkRequest) { r.Name = "" },
		"a NUL in the name":  func(r *directory.LinkRequest) { r.Name = "a\x00" },
		"rotation 0":         func(r *directory.LinkRequest) { r.Rotation = 0 },
		"no uses":            func(r *directory.LinkRequest) { r.MaxUses = 0 },
		"over at once":       func(r *directory.LinkRequest) { r.ExpiresAfter = 0 },
		"good for too long":  func(r *directory.LinkRequest) { r.ExpiresAfter = 2161 * time.Hour },
		"nobody's":           func(r *directory.LinkRequest) { r.Organization = "" },
		"of a strange place": func(r *directory.LinkRequest) { r.Organization = "team/other" },
	} {
		t.Run(reason, func(t *testing.T) {
			w := newWorld(t, databasetest.SQLite(t))
			want := directory.KindInvalid
			if reason == "of a strange place" {
				want = directory.KindNotFound
			}
			_, err := w.ApplyLink(t.Context(), link(change))
			wantKind(t, "apply", err, want)
		})
	}
}

// A process that has no key, or another one, makes no link.
func TestPromise_ALinkNeedsItsKey(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		token := w.linkToken()
		portal, err := ledger.New(ledger.Options{DB: w.db, Clock: w.clock})
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = portal.ApplyLink(w.t.Context(), link())
		wantKind(w.t, "apply without a key", err, directory.KindInternal)
		_, err = portal.LinkURL(w.t.Context(), clinic, open)
		wantKind(w.t, "make without a key", err, directory.KindInternal)
		if _, err := portal.LookupLink(w.t.Context(), token); err != nil {
			w.t.Errorf("look up without a key: %v", err)
		}
		other, err := ledger.New(ledger.Options{DB: w.db, Clock: w.clock, Key: testKey(w.t, "2"), BaseURL: baseURL, Process: "other"})
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = other.LinkURL(w.t.Context(), clinic, open)
		wantKind(w.t, "make with another key", err, directory.KindInvalid)
		if _, err := other.ApplyLink(w.t.Context(), link(func(r *directory.LinkRequest) { r.Rotation = 2 })); err != nil {
			w.t.Fatal(err)
		}
		if _, err := other.LinkURL(w.t.Context(), clinic, open); err != nil {
			w.t.Errorf("a rotation did not help: %v", err)
		}
	})
}

// Closing and removing are repeated without harm, and what was on its way to
// people who asked to join dies.
func TestHE4_ALinkIsRemoved(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		old := w.linkToken()
		token := w.asked(ada)
		for range 2 {
			if err := w.RemoveLink(w.t.Context(), clinic, open); err != nil {
				w.t.Fatal(err)
			}
		}
		_, err := w.LinkStatus(w.t.Context(), clinic, open)
		wantKind(w.t, "observe", err, directory.KindNotFound)
		_, err = w.redeem(token)
		wantKind(w.t, "join", err, directory.KindNotFound)
		if err := w.CloseLink(w.t.Context(), clinic, open); err != nil {
			w.t.Errorf("closing what is not there: %v", err)
		}
		w.publish()
		if w.linkToken() == old {
			w.t.Error("a link that was removed came back")
		}
	})
}

func TestHE4_LinksGoWithTheirOrganization(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		token := w.linkToken()
		if err := w.RemoveOrganization(w.t.Context(), clinic); err != nil {
			w.t.Fatal(err)
		}
		_, err := w.LookupLink(w.t.Context(), token)
		wantKind(w.t, "look up", err, directory.KindNotFound)
	})
}

// What happens to a link, and who joins, is on record, without link or token.
func TestBY12_LinksAreAudited(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.publish()
		w.clock.Step(time.Second)
		w.mustJoin(ada)
		w.publish(func(r *directory.LinkRequest) { r.Closed = true })
		w.publish()
		w.publish(func(r *directory.LinkRequest) { r.Rotation = 2 })
		w.publish(func(r *directory.LinkRequest) { r.Rotation, r.MaxUses = 2, 9 })
		if err := w.RemoveLink(w.t.Context(), clinic, open); err != nil {
			w.t.Fatal(err)
		}
		entries, err := w.Audit(w.t.Context(), clinic, "", 100)
		if err != nil {
			w.t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			if strings.Contains(e.Note, `link "open-day"`) {
				got = append(got, string(e.Actor)+" "+string(e.Action)+" "+e.Address)
			}
		}
		want := []string{
			"manager LinkRemoved ", "manager LinkClosed ", "manager LinkChanged ", "manager LinkRotated ", "manager LinkOpened ", "manager LinkClosed ",
			"portal Joined " + ada, "portal JoinRequested " + ada, "manager LinkIssued ",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("newest first (-want +got):\n%s", diff)
		}
	})
}
