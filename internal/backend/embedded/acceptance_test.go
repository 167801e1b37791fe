package embedded_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

func TestHE3_AcceptingLetsThePersonInAtOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		session, got, err := w.Accept(t.Context(), w.invite(t, ada, 1),
			directory.Acceptance{Name: " Ada, Countess of Lovelace ", Password: password})
		must(t, err)
		want := directory.Account{
			Organization: practice, OrganizationName: "Example Practice", Address: ada, Name: "Ada, Countess of Lovelace",
			Roles: []string{"Clinician"}, Units: []string{"North Clinic"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the account on acceptance (-want +got):\n%s", diff)
		}
		again, err := w.Session(t.Context(), session)
		must(t, err)
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("the account of the session (-want +got):\n%s", diff)
		}
		if _, _, err := w.SignIn(t.Context(), practice, ada, password); err != nil {
			t.Errorf("signing in after acceptance: %v", err)
		}
		m := w.observe(t, ada)
		if m.State != directory.MemberActive || m.ConfirmedName != "Ada, Countess of Lovelace" || !m.JoinedAt.Equal(w.clock.Now()) {
			t.Errorf("the member after acceptance is %+v", m)
		}
		if i := w.invitation(t); i.State != directory.InvitationAccepted {
			t.Errorf("the invitation is %s", i.State)
		}
	})
}

func TestHR5a_HD1_AccessGivenWhileInvitedIsThereOnAcceptance(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	token := w.invite(t, ada, 1)
	must(t, w.ApplyRole(t.Context(), directory.Role{Organization: practice, Name: "lead", DisplayName: "Team Lead"}))
	must(t, w.ApplyAccess(t.Context(), practice, ada, directory.Access{Grants: []directory.Grant{{Role: "lead", Unit: "north"}}, Units: []string{"north"}}))
	_, account, err := w.Accept(t.Context(), token, directory.Acceptance{Password: password})
	must(t, err)
	if diff := cmp.Diff([]string{"Team Lead"}, account.Roles); diff != "" {
		t.Errorf("roles on acceptance (-want +got):\n%s", diff)
	}
	if account.Name != "Declared Name" {
		t.Errorf("whoever confirms no name is called %q", account.Name)
	}
}

func TestBY12_AcceptingIsTold(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		token := w.invite(t, ada, 1)
		before, err := w.ledger.Head(t.Context())
		must(t, err)
		_, _, err = w.Accept(t.Context(), token, directory.Acceptance{Name: "Ada", Password: password})
		must(t, err)
		changes, err := w.ledger.Changes(t.Context(), before, 10)
		must(t, err)
		if diff := cmp.Diff([]directory.Change{{Sequence: before + 1, Organization: practice, Address: ada}}, changes); diff != "" {
			t.Errorf("changes after acceptance (-want +got):\n%s", diff)
		}
		entries, err := w.ledger.Audit(t.Context(), practice, ada, 1)
		must(t, err)
		if len(entries) != 1 || entries[0].Action != ledger.ActionAccepted {
			t.Errorf("the newest audit entries are %+v", entries)
		}
	})
}

func TestPromise_LinksThatAreNotPendingAnswerAlike(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		tokens := map[string]string{
			"malformed": "not a token",
			"empty":     "",
			"unknown":   strings.Repeat("A", 43),
		}
		tokens["revoked"] = w.invite(t, ada, 1)
		must(t, w.ledger.Close(t.Context(), practice, ada))
		w.clock.Step(time.Hour)
		tokens["superseded"] = w.invite(t, ada, 1)
		w.clock.Step(10 * time.Minute)
		tokens["used"] = w.invite(t, ada, 2)
		_, _, err := w.Accept(t.Context(), tokens["used"], directory.Acceptance{Password: password})
		must(t, err)
		w.member(t, grace, directory.MemberInvited)
		tokens["expired"] = w.invite(t, grace, 1)
		w.clock.Step(time.Hour)

		answers := map[string]int{}
		for name, token := range tokens {
			hashed := 0
			w.WithKDF(func(password, salt []byte, c embedded.Cost) []byte {
				hashed++
				return quick(password, salt, c)
			})
			session, account, err := w.Accept(t.Context(), token, directory.Acceptance{Password: password})
			wantKind(t, "accepting a link that is "+name, err, directory.KindNotFound)
			if err == nil {
				continue
			}
			if hashed != 1 || session != "" || account.Address != "" {
				t.Errorf("%s: %d hashes, session %q, account %+v; want the work of one hash and nothing else", name, hashed, session, account)
			}
			answers[err.Error()]++
		}
		if len(answers) != 1 {
			t.Errorf("the answers differ: %v", answers)
		}
		if got := w.observe(t, grace).State; got != directory.MemberInvited {
			t.Errorf("whose link expired is %s", got)
		}
	})
}

func TestPromise_OneOfManyAcceptsALink(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		token := w.invite(t, ada, 1)
		const people = 50
		sessions, errs := make([]string, people), make([]error, people)
		start := make(chan struct{})
		var wait sync.WaitGroup
		for i := range people {
			wait.Go(func() {
				<-start
				sessions[i], _, errs[i] = w.Accept(t.Context(), token, directory.Acceptance{Name: "Ada", Password: password})
			})
		}
		close(start)
		wait.Wait()
		winners := 0
		for i, err := range errs {
			switch err {
			case nil:
				winners++
				if !w.signedIn(t, sessions[i]) {
					t.Error("the winner is not signed in")
				}
			default:
				wantKind(t, "losing the race", err, directory.KindNotFound)
			}
		}
		if winners != 1 || w.count(t, "sessions") != 1 || w.count(t, "credentials") != 1 {
			t.Errorf("%d winners, %d sessions, %d credentials; want one of each", winners, w.count(t, "sessions"), w.count(t, "credentials"))
		}
	})
}

func TestPromise_NobodyWhoIsOutGetsIn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		token := w.invite(t, ada, 1)
		accept := func() error {
			_, _, err := w.Accept(t.Context(), token, directory.Acceptance{Password: password})
			return err
		}
		must(t, w.RemoveMember(t.Context(), practice, ada, directory.RemovalDisable))
		wantKind(t, "accepting while disabled", accept(), directory.KindConflict)
		must(t, w.RemoveMember(t.Context(), practice, ada, directory.RemovalDrop))
		wantKind(t, "accepting after being dropped", accept(), directory.KindConflict)
		if got := w.invitation(t).State; got != directory.InvitationPending {
			t.Errorf("the invitation is %s, want it to stay Pending", got)
		}
		if n := w.count(t, "credentials") + w.count(t, "sessions"); n != 0 {
			t.Errorf("%d credentials and sessions were left behind", n)
		}
		w.member(t, ada, directory.MemberInvited)
		if err := accept(); err != nil {
			t.Errorf("accepting once the member is there again: %v", err)
		}
	})
}

// rollback redeems, and then fails.
type rollback struct{ embedded.Redeemer }

func (r rollback) Redeem(ctx context.Context, tx database.Tx, token string) (directory.Invitation, error) {
	if _, err := r.Redeemer.Redeem(ctx, tx, token); err != nil {
		return directory.Invitation{}, err
	}
	return directory.Invitation{}, errors.New("the power failed")
}

func TestAcceptIsAllOrNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		token := w.invite(t, ada, 1)
		b, err := embedded.New(embedded.Options{DB: w.db, Ledger: rollback{w.ledger}, Clock: w.clock})
		must(t, err)
		_, _, err = b.WithKDF(quick).Accept(t.Context(), token, directory.Acceptance{Password: password})
		wantKind(t, "a transaction that fails", err, directory.KindInternal)
		if i, m := w.invitation(t), w.observe(t, ada); i.State != directory.InvitationPending || m.State != directory.MemberInvited {
			t.Errorf("after a failed transaction the invitation is %s and the member %s", i.State, m.State)
		}
		if !w.signedIn(t, w.accept(t, ada)) {
			t.Error("the link works no more")
		}
	})
}

// The portal counts code points, 128 at most; what it lets through is kept.
func TestAcceptKeepsTheLongestName(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		name := strings.Repeat("𠮷", 128)
		_, account, err := w.Accept(t.Context(), w.invite(t, ada, 1), directory.Acceptance{Name: name, Password: password})
		must(t, err)
		if account.Name != name {
			t.Errorf("the name is %q, want all %d bytes of it", account.Name, len(name))
		}
	})
}

func TestAcceptRefusesWhatCannotBeKept(t *testing.T) {
	w := practiceWorld(t, databasetest.SQLite(t))
	token := w.invite(t, ada, 1)
	for name, a := range map[string]directory.Acceptance{
		"line break in the name":  {Name: "Ada\r\nBcc: x@example.com", Password: password},
		"NUL in the name":         {Name: "Ada\x00", Password: password},
		"name not UTF-8":          {Name: "Ada\xff", Password: password},
		"long name":               {Name: strings.Repeat("a", 513), Password: password},
		"no password":             {Name: "Ada"},
		"password without bounds": {Name: "Ada", Password: strings.Repeat("x", 1<<20)},
	} {
		_, _, err := w.Accept(t.Context(), token, a)
		wantKind(t, name, err, directory.KindInvalid)
		if err != nil && len(err.Error()) > 200 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
	if got := w.invitation(t).State; got != directory.InvitationPending {
		t.Errorf("the invitation is %s", got)
	}
}

func TestHostileNamesAreKeptAsTheyAre(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		for i, name := range []string{"Robert'); DROP TABLE members;--", "<script>alert(1)</script>", "\u202eevil", "日本語", "O'Neil \"Tip\"", "null"} {
			address := strings.Repeat("x", i+1) + "@example.com"
			w.member(t, address, directory.MemberInvited)
			_, account, err := w.Accept(t.Context(), w.invite(t, address, 1), directory.Acceptance{Name: name, Password: password})
			must(t, err)
			if account.Name != name || w.observe(t, address).ConfirmedName != name {
				t.Errorf("%q became %q in the account and %q in the directory", name, account.Name, w.observe(t, address).ConfirmedName)
			}
		}
	})
}

func TestAcceptingANewLinkSetsANewPassword(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		old := w.accept(t, ada)
		joined := w.observe(t, ada).JoinedAt
		w.clock.Step(10 * time.Minute)
		token := w.invite(t, ada, 2)
		fresh, _, err := w.Accept(t.Context(), token, directory.Acceptance{Name: "Ada King", Password: "another quiet afternoon"})
		must(t, err)
		if w.signedIn(t, old) || !w.signedIn(t, fresh) {
			t.Errorf("the old session is good: %t, the new one: %t", w.signedIn(t, old), w.signedIn(t, fresh))
		}
		_, _, err = w.SignIn(t.Context(), practice, ada, password)
		wantKind(t, "the old password", err, directory.KindDenied)
		if got := w.observe(t, ada); !got.JoinedAt.Equal(joined) || got.ConfirmedName != "Ada King" {
			t.Errorf("joined at %s as %q; want the first time and the last name", got.JoinedAt, got.ConfirmedName)
		}
	})
}

func TestPromise_NoSecretIsStored(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		w := practiceWorld(t, db)
		token := w.invite(t, ada, 1)
		session, _, err := w.Accept(t.Context(), token, directory.Acceptance{Name: "Ada", Password: password})
		must(t, err)
		for _, query := range []string{
			"SELECT password_hash FROM credentials", "SELECT token_hash FROM sessions", "SELECT note FROM audit",
			"SELECT token_hash FROM invitations", "SELECT confirmed_name FROM members", "SELECT attributes FROM members",
		} {
			for _, text := range w.column(t, query) {
				for what, secret := range map[string]string{"password": password, "session": session, "token": token} {
					if strings.Contains(text, secret) {
						t.Errorf("%s gives the %s away", query, what)
					}
				}
			}
		}
	})
}
