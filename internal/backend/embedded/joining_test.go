package embedded_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const openDay = "open-day"

// share publishes a link by which so many can join.
func (w *world) share(tb testing.TB, uses int64, change ...func(*directory.LinkRequest)) {
	tb.Helper()
	r := directory.LinkRequest{Organization: practice, Name: openDay, Rotation: 1, MaxUses: uses, ExpiresAfter: time.Hour}
	for _, c := range change {
		c(&r)
	}
	_, err := w.ledger.ApplyLink(context.Background(), r)
	must(tb, err)
}

// joining has somebody ask to join, and returns the token that they are mailed.
func (w *world) joining(tb testing.TB, address string) string {
	tb.Helper()
	ctx := context.Background()
	link, err := w.ledger.LinkURL(ctx, practice, openDay)
	must(tb, err)
	must(tb, w.ledger.RequestJoin(ctx, link[strings.LastIndex(link, "/")+1:], directory.JoinRequest{Address: address}))
	asked, err := w.ledger.AskToConfirm(ctx, directory.Join{Organization: practice, Link: openDay, Address: address})
	must(tb, err)
	if !asked {
		tb.Fatalf("nobody asked %s for a confirmation", address)
	}
	confirm, err := w.ledger.Link(ctx, practice, address)
	must(tb, err)
	return confirm[strings.LastIndex(confirm, "/")+1:]
}

func (w *world) uses(tb testing.TB) int64 {
	tb.Helper()
	link, err := w.ledger.LinkStatus(context.Background(), practice, openDay)
	must(tb, err)
	return link.Uses
}

// Somebody whom nobody has declared becomes a member under the name they gave,
// and can sign in.
func TestHE4_ANewcomerJoins(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.share(t, 1)
		session, account, err := w.Accept(t.Context(), w.joining(t, grace), directory.Acceptance{Name: "Grace Hopper", Password: password})
		must(t, err)
		if !w.signedIn(t, session) || account.Name != "Grace Hopper" || account.OrganizationName != "Example Practice" {
			t.Errorf("signed in as %+v", account)
		}
		m := w.observe(t, grace)
		if m.State != directory.MemberActive || m.Profile.DisplayName != "Grace Hopper" || m.ConfirmedName != "Grace Hopper" || m.JoinedAt.IsZero() {
			t.Errorf("observed %+v", m)
		}
		if _, _, err := w.SignIn(t.Context(), practice, grace, password); err != nil {
			t.Errorf("sign in: %v", err)
		}
		// The declaration that follows changes nothing.
		writes := w.db.writes.Load()
		_, err = w.ApplyMember(t.Context(), directory.Member{
			Organization: practice, Address: grace, State: directory.MemberInvited, Profile: directory.Profile{DisplayName: "Grace Hopper"},
		})
		must(t, err)
		if w.db.writes.Load() != writes || w.observe(t, grace).ConfirmedName != "Grace Hopper" {
			t.Error("declaring who has joined was a change")
		}
	})
}

// Who is known already: nothing is half done, and no use is lost.
func TestHE4_WhoIsKnownAlready(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		state  directory.MemberState
		kind   directory.Kind
		uses   int64
	}{
		"declared meanwhile": {"let in like somebody who was invited", directory.MemberInvited, "", 1},
		"in already":         {"the password stays", directory.MemberActive, directory.KindExists, 0},
		"disabled":           {"kept out", directory.MemberDisabled, directory.KindConflict, 0},
	} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				w := practiceWorld(t, db)
				w.share(t, 5)
				token := w.joining(t, grace)
				w.member(t, grace, test.state)
				_, _, err := w.Accept(t.Context(), token, directory.Acceptance{Name: "Grace Hopper", Password: password})
				if got := directory.KindOf(err); got != test.kind {
					t.Errorf("%s: %v of kind %q, want %q", test.reason, err, got, test.kind)
				}
				if got := w.uses(t); got != test.uses {
					t.Errorf("%s: %d uses, want %d", test.reason, got, test.uses)
				}
				if got := w.count(t, "credentials"); int64(got) != test.uses {
					t.Errorf("%s: %d passwords, want %d", test.reason, got, test.uses)
				}
			})
		})
	}
}

func TestHE4_NobodyJoinsPastAnApproval(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	w.share(t, 1, func(r *directory.LinkRequest) { r.Approval = true })
	_, _, err := w.Accept(t.Context(), w.joining(t, grace), directory.Acceptance{Name: "Grace", Password: password})
	wantKind(t, "accept", err, directory.KindDenied)
	_, err = w.Member(t.Context(), practice, grace)
	wantKind(t, "observe", err, directory.KindNotFound)
}

// Two hundred people with fifty uses left: fifty are in, each with a password,
// and of the others nothing is left.
func TestHE4_FiftyOfTwoHundredGetIn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const people, places = 200, 50
		w := practiceWorld(t, db)
		w.share(t, places)
		tokens := make([]string, people)
		for i := range people {
			tokens[i] = w.joining(t, fmt.Sprintf("p%d@example.com", i))
		}
		w.db.second = databasetest.Second(t, db)
		members := w.count(t, "members")
		var in, full atomic.Int64
		var all sync.WaitGroup
		for _, token := range tokens {
			all.Go(func() {
				_, _, err := w.Accept(t.Context(), token, directory.Acceptance{Name: "Somebody", Password: password})
				switch directory.KindOf(err) {
				case "":
					in.Add(1)
				case directory.KindQuotaExceeded:
					full.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != places || full.Load() != people-places {
			t.Errorf("%d got in and %d found it full; want %d and %d", in.Load(), full.Load(), places, people-places)
		}
		got := [...]int{w.count(t, "members") - members, w.count(t, "credentials"), w.count(t, "sessions"), int(w.uses(t))}
		if want := [...]int{places, places, places, places}; got != want {
			t.Errorf("members, passwords, sessions, uses: %v, want %v", got, want)
		}
	})
}
