package app

import (
	"context"
	"strings"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const (
	clinic    = directory.OrganizationID("team/clinic")
	ada       = "ada@example.com"
	passwords = "violet tractor hums at noon"
	signIn    = "https://login.clinic.example"
)

// admitting is a portal's view of an organization in which Ada is invited both
// ways: a member of the embedded backend, and with an admission. Only where she
// signs in says which of the two counts.
type admitting struct {
	invitations
	t     *testing.T
	db    *database.DB
	token string
}

func newAdmitting(t *testing.T, db *database.DB) *admitting {
	t.Helper()
	key, err := invite.ParseKey([]byte(strings.Repeat("01", 31) + "ff"))
	if err != nil {
		t.Fatal(err)
	}
	c := testingclock.NewFakeClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	l, err := ledger.New(ledger.Options{DB: db, Clock: c, Key: key, BaseURL: "https://join.example.com", Process: "one"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := embedded.New(embedded.Options{DB: db, Ledger: l, Clock: c})
	if err != nil {
		t.Fatal(err)
	}
	a := &admitting{invitations: invitations{l, b}, t: t, db: db}
	a.signsInAt("")
	member := directory.Member{Organization: clinic, Address: ada, State: directory.MemberInvited}
	if _, err := b.ApplyMember(t.Context(), member); err != nil {
		t.Fatal(err)
	}
	if err := l.Admit(t.Context(), directory.Admission{Organization: clinic, Address: ada, State: directory.MemberInvited}, directory.Admission{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Invite(t.Context(), directory.InvitationRequest{Organization: clinic, Address: ada, Revision: 1, ExpiresAfter: time.Hour}); err != nil {
		t.Fatal(err)
	}
	link, err := l.Link(t.Context(), clinic, ada)
	if err != nil {
		t.Fatal(err)
	}
	a.token = strings.TrimPrefix(link, "https://join.example.com/i/")
	return a
}

// signsInAt has the clinic's people sign in there; "" for here.
func (a *admitting) signsInAt(url string) {
	a.t.Helper()
	o := directory.Organization{ID: clinic, DisplayName: "Clinic", SignInURL: url}
	if err := a.ApplyOrganization(a.t.Context(), o); err != nil {
		a.t.Fatal(err)
	}
	if err := a.embedded.ApplyOrganization(a.t.Context(), o); err != nil {
		a.t.Fatal(err)
	}
}

func (a *admitting) count(query string) int {
	a.t.Helper()
	n := 0
	err := a.db.Read(a.t.Context(), func(ctx context.Context, tx database.Tx) error {
		return tx.QueryRowContext(ctx, query).Scan(&n)
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

// wantIn fails unless so many are in here, with a password and a session, and so
// many elsewhere.
func (a *admitting) wantIn(reason string, here, elsewhere int) {
	a.t.Helper()
	for what, c := range map[string]struct {
		query string
		want  int
	}{
		"members":    {"SELECT COUNT(*) FROM members WHERE state = 'Active'", here},
		"passwords":  {"SELECT COUNT(*) FROM credentials", here},
		"sessions":   {"SELECT COUNT(*) FROM sessions", here},
		"admissions": {"SELECT COUNT(*) FROM admissions WHERE state = 'Active'", elsewhere},
		"redeemed":   {"SELECT COUNT(*) FROM invitations WHERE state = 'Accepted'", here + elsewhere},
	} {
		if got := a.count(c.query); got != c.want {
			a.t.Errorf("%s: %d %s; want %d", reason, got, what, c.want)
		}
	}
}

// Whoever is asked to accept looks at where people sign in now, not when the page
// was shown: a password is never kept for an organization that signs in
// elsewhere, and nobody gets in without one where they sign in here.
func TestPromise_AcceptanceGoesWherePeopleSignIn(t *testing.T) {
	for name, c := range map[string]struct {
		url, password   string
		kind            directory.Kind
		session         bool
		here, elsewhere int
	}{
		"here":                         {"", passwords, "", true, 1, 0},
		"elsewhere":                    {signIn, "", "", false, 0, 1},
		"a password for elsewhere":     {signIn, passwords, directory.KindDenied, false, 0, 0},
		"here, and without a password": {"", "", directory.KindDenied, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			databasetest.Each(t, func(t *testing.T, db *database.DB) {
				a := newAdmitting(t, db)
				a.signsInAt(c.url)
				session, account, err := a.Accept(t.Context(), a.token, directory.Acceptance{Name: "Ada Lovelace", Password: c.password})
				if got := directory.KindOf(err); got != c.kind || (session != "") != c.session {
					t.Errorf("error %v, a session: %t; want kind %q, %t", err, session != "", c.kind, c.session)
				}
				if err == nil && (account.Address != ada || account.Name != "Ada Lovelace") {
					t.Errorf("accepted as %q of %q", account.Name, account.Address)
				}
				a.wantIn(name, c.here, c.elsewhere)
			})
		})
	}
}

// What was refused because the organization had changed is accepted on the page
// that is shown then.
func TestHE3_AcceptedAfterASwitch(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		a := newAdmitting(t, db)
		found, err := a.Lookup(t.Context(), a.token)
		if err != nil || found.SignInURL != "" {
			t.Fatalf("%q, %v", found.SignInURL, err)
		}
		a.signsInAt(signIn)
		if _, _, err := a.Accept(t.Context(), a.token, directory.Acceptance{Name: "Ada", Password: passwords}); !directory.IsKind(err, directory.KindDenied) {
			t.Errorf("error %v", err)
		}
		found, err = a.Lookup(t.Context(), a.token)
		if err != nil || found.SignInURL != signIn || found.State != directory.InvitationPending {
			t.Errorf("%s at %q, %v", found.State, found.SignInURL, err)
		}
		if _, _, err := a.Accept(t.Context(), a.token, directory.Acceptance{Name: "Ada"}); err != nil {
			t.Error(err)
		}
		a.wantIn("after a switch", 0, 1)
	})
}
