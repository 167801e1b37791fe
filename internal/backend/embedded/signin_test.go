package embedded_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestHE3_SignIn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for _, spelling := range []string{ada, " ADA@Example.COM "} {
			session, account, err := w.SignIn(t.Context(), practice, spelling, password)
			if err != nil {
				t.Fatalf("signing in as %q: %v", spelling, err)
			}
			want := directory.Account{
				Organization: practice, OrganizationName: "Example Practice", Address: ada, Name: "Ada Lovelace",
				Roles: []string{"Clinician"}, Units: []string{"North Clinic"},
			}
			if diff := cmp.Diff(want, account); diff != "" {
				t.Errorf("the account (-want +got):\n%s", diff)
			}
			if !w.signedIn(t, session) || len(session) != 43 {
				t.Errorf("session %q is no good", session)
			}
		}
	})
}

func TestPromise_RefusalsToSignInAreAlike(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for _, a := range []string{grace, "disabled@example.com"} {
			w.member(t, a, directory.MemberInvited)
		}
		w.accept(t, "disabled@example.com")
		w.member(t, "disabled@example.com", directory.MemberDisabled)
		w.member(t, "no-password@example.com", directory.MemberActive)
		const other directory.OrganizationID = "clinic/other"
		must(t, w.ApplyOrganization(t.Context(), directory.Organization{ID: other}))

		answers := map[string]int{}
		for name, try := range map[string]struct {
			org               directory.OrganizationID
			address, password string
		}{
			"wrong password":       {practice, ada, "a long and loud afternoon"},
			"no password":          {practice, ada, ""},
			"password and more":    {practice, ada, password + " "},
			"endless password":     {practice, ada, strings.Repeat("x", 1<<20)},
			"unknown address":      {practice, "nobody@example.com", password},
			"no address":           {practice, "", password},
			"not an address":       {practice, "' OR '1'='1", password},
			"NUL in the address":   {practice, "ada\x00@example.com", password},
			"invited":              {practice, grace, password},
			"disabled":             {practice, "disabled@example.com", password},
			"active, no password":  {practice, "no-password@example.com", ""},
			"other organization":   {other, ada, password},
			"unknown organization": {"clinic/none", ada, password},
			"NUL in organization":  {"clinic/\x00", ada, password},
			"no organization":      {"", ada, password},
		} {
			hashed := 0
			w.WithKDF(func(password, salt []byte, c embedded.Cost) []byte {
				if hashed++; c.String() != "m=19456,t=2,p=1" || len(salt) != 16 {
					t.Errorf("%s: work of another size: %s, salt of %d", name, c, len(salt))
				}
				return quick(password, salt, c)
			})
			before := w.db.writes.Load()
			session, account, err := w.SignIn(t.Context(), try.org, try.address, try.password)
			wantKind(t, name, err, directory.KindDenied)
			if err == nil {
				continue
			}
			if hashed != 1 || session != "" || account.Address != "" || w.db.writes.Load() != before {
				t.Errorf("%s: %d hashes, session %q, account %+v, %d writes; want one hash and nothing else",
					name, hashed, session, account, w.db.writes.Load()-before)
			}
			answers[err.Error()]++
		}
		if len(answers) != 1 {
			t.Errorf("the answers differ: %v", answers)
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		for name, tc := range map[string]struct {
			end    func(t *testing.T, address, session string)
			reason string
		}{
			"after twelve hours": {func(*testing.T, string, string) { w.clock.Step(12 * time.Hour) }, "absolute expiry"},
			"signed out":         {func(t *testing.T, _, s string) { must(t, w.SignOut(t.Context(), s)) }, "the person's wish"},
			"disabled":           {func(t *testing.T, a, _ string) { w.member(t, a, directory.MemberDisabled) }, "declared so"},
			"removed by disabling": {func(t *testing.T, a, _ string) {
				must(t, w.RemoveMember(t.Context(), practice, a, directory.RemovalDisable))
			}, "removed"},
			"disabled and enabled": {func(t *testing.T, a, _ string) {
				w.member(t, a, directory.MemberDisabled)
				w.member(t, a, directory.MemberActive)
			}, "a session does not come back"},
			"dropped": {func(t *testing.T, a, _ string) {
				must(t, w.RemoveMember(t.Context(), practice, a, directory.RemovalDrop))
			}, "removed"},
		} {
			t.Run(name, func(t *testing.T) {
				address := strings.ReplaceAll(name, " ", "-") + "@example.com"
				w.member(t, address, directory.MemberInvited)
				session := w.accept(t, address)
				w.clock.Step(12*time.Hour - time.Second)
				if !w.signedIn(t, session) {
					t.Fatal("the session ended too early")
				}
				w.clock.Step(-12*time.Hour + time.Second)
				tc.end(t, address, session)
				if w.signedIn(t, session) {
					t.Errorf("the session is still good: %s", tc.reason)
				}
			})
		}
		session := w.accept(t, ada)
		must(t, w.RemoveOrganization(t.Context(), practice))
		if w.signedIn(t, session) {
			t.Error("the session is still good although the organization is gone")
		}
	})
}

func TestSessionsOfOthersGoOn(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	first := w.accept(t, ada)
	second, _, err := w.SignIn(t.Context(), practice, ada, password)
	must(t, err)
	w.member(t, grace, directory.MemberInvited)
	hers := w.accept(t, grace)
	must(t, w.SignOut(t.Context(), first))
	must(t, w.SignOut(t.Context(), first))
	must(t, w.SignOut(t.Context(), "never was one"))
	w.member(t, grace, directory.MemberInvited) // nothing differs
	if w.signedIn(t, first) || !w.signedIn(t, second) || !w.signedIn(t, hers) {
		t.Errorf("signed out: %t, other session: %t, other person: %t", w.signedIn(t, first), w.signedIn(t, second), w.signedIn(t, hers))
	}
}

func TestUnknownSessions(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for _, session := range []string{"", "x", "\x00", strings.Repeat("A", 43), w.column(t, "SELECT token_hash FROM sessions")[0]} {
			_, err := w.Session(t.Context(), session)
			wantKind(t, "a made-up session", err, directory.KindNotFound)
		}
	})
}

func TestExpiredSessionsAreForgotten(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for range 4 {
			_, _, err := w.SignIn(t.Context(), practice, ada, password)
			must(t, err)
		}
		w.clock.Step(13 * time.Hour)
		_, _, err := w.SignIn(t.Context(), practice, ada, password)
		must(t, err)
		if n := w.count(t, "sessions"); n != 1 {
			t.Errorf("%d sessions are kept, want the one that is good", n)
		}
	})
}

// TestPromise_DisablingBeatsSigningIn lets both happen at once: whatever comes
// first, nobody is signed in once the disabling has returned, nor after the
// member is enabled again.
func TestPromise_DisablingBeatsSigningIn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		w.accept(t, ada)
		for range 20 {
			sessions := make(chan string)
			for range 3 {
				go func() {
					session, _, err := w.SignIn(t.Context(), practice, ada, password)
					if err != nil && !directory.IsKind(err, directory.KindDenied) {
						t.Errorf("signing in: %v", err)
					}
					sessions <- session
				}()
			}
			must(t, w.RemoveMember(t.Context(), practice, ada, directory.RemovalDisable))
			var got []string
			for range 3 {
				session := <-sessions
				if got = append(got, session); w.signedIn(t, session) {
					t.Error("a disabled person is signed in")
				}
			}
			w.member(t, ada, directory.MemberActive)
			for _, session := range got {
				if w.signedIn(t, session) {
					t.Error("a session came back")
				}
			}
		}
	})
}
