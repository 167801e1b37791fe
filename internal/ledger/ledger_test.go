package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const (
	clinic  = directory.OrganizationID("team/clinic")
	ada     = "ada@example.com"
	baseURL = "https://join.example.com"
	week    = 7 * 24 * time.Hour
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// world is a ledger on a database of its own, with a clock that stands still.
type world struct {
	*ledger.Ledger
	t     *testing.T
	db    *database.DB
	clock *testingclock.FakeClock
}

// eachDatabase runs the story on both databases.
func eachDatabase(t *testing.T, story func(w *world)) {
	t.Helper()
	databasetest.Each(t, func(t *testing.T, db *database.DB) { story(newWorld(t, db)) })
}

func newWorld(t *testing.T, db *database.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: testingclock.NewFakeClock(start)}
	w.Ledger = w.open(db, "one", w.clock)
	w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", Mail: directory.MailIdentity{From: "hello@clinic.example"}})
	return w
}

func testKey(t testing.TB, digit string) invite.Key {
	t.Helper()
	key, err := invite.ParseKey([]byte(strings.Repeat("0"+digit, 31) + "ff"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *world) open(db *database.DB, process string, c clock.WithTicker) *ledger.Ledger {
	w.t.Helper()
	l, err := ledger.New(ledger.Options{
		DB: db, Clock: c, Key: testKey(w.t, "1"), BaseURL: baseURL, Process: process, Jitter: func() float64 { return 0 },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// second is another process on the same database, with the same clock.
func (w *world) second() *ledger.Ledger {
	w.t.Helper()
	return w.open(databasetest.Second(w.t, w.db), "two", w.clock)
}

func (w *world) apply(o directory.Organization) {
	w.t.Helper()
	if err := w.ApplyOrganization(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
}

// policy chooses what happens to unknown deliveries of the clinic.
func (w *world) policy(p directory.UnknownDelivery) {
	w.t.Helper()
	w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", UnknownDelivery: p})
}

// request asks for a mailed invitation.
func request(address string, revision int64) directory.InvitationRequest {
	return directory.InvitationRequest{
		Organization: clinic, Address: address, Revision: revision, Mail: true, ExpiresAfter: week,
		Details: directory.InvitationDetails{OrganizationName: "Clinic", Roles: []string{"Clinician"}},
	}
}

func (w *world) invite(address string, revision int64) directory.Invitation {
	w.t.Helper()
	i, err := w.Invite(w.t.Context(), request(address, revision))
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// newest observes Ada's invitation.
func (w *world) newest() directory.Invitation {
	w.t.Helper()
	i, err := w.Invitation(w.t.Context(), clinic, ada)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func (w *world) token(address string) string {
	w.t.Helper()
	link, err := w.Link(w.t.Context(), clinic, address)
	if err != nil {
		w.t.Fatal(err)
	}
	token, ok := strings.CutPrefix(link, baseURL+"/i/")
	if !ok {
		w.t.Fatal("the link is not below the base URL")
	}
	return token
}

func (w *world) redeem(token string) (directory.Invitation, error) {
	return redeem(w.t.Context(), w.Ledger, w.db, token)
}

func redeem(ctx context.Context, l *ledger.Ledger, db *database.DB, token string) (directory.Invitation, error) {
	var redeemed directory.Invitation
	err := db.Write(ctx, func(ctx context.Context, tx database.Tx) error {
		var err error
		redeemed, err = l.Redeem(ctx, tx, token)
		return err
	})
	return redeemed, err
}

func (w *world) mustRedeem(address string) {
	w.t.Helper()
	if _, err := w.redeem(w.token(address)); err != nil {
		w.t.Fatal(err)
	}
}

// later moves the clock so far that another invitation may be issued.
func (w *world) later() { w.clock.Step(6 * time.Minute) }

// wantKind fails unless the error is of the kind.
func wantKind(t *testing.T, doing string, err error, want directory.Kind) {
	t.Helper()
	if got := directory.KindOf(err); got != want {
		t.Errorf("%s: error %v of kind %q; want %q", doing, err, got, want)
	}
}

// together runs f in so many goroutines at once.
func together(n int, f func(i int)) {
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { f(i) })
	}
	done.Wait()
}

// fingerprint changes whenever somebody else writes anything: for SQLite that
// is told by the file, for PostgreSQL by the transactions that made the rows.
func (w *world) fingerprint(observer *database.DB) string {
	w.t.Helper()
	text := ""
	for _, table := range []string{"ledger_organizations", "invitations", "deliveries", "changes", "change_head", "audit"} {
		query := "SELECT COALESCE(SUM(CAST(CAST(xmin AS TEXT) AS BIGINT)), 0), COUNT(*) FROM " + table
		if observer.Dialect() == database.SQLite {
			query = "SELECT (SELECT data_version FROM pragma_data_version), COUNT(*) FROM " + table
		}
		var version, rows int64
		// A write transaction, because SQLite counts per connection and that one has its own.
		err := observer.Write(w.t.Context(), func(ctx context.Context, tx database.Tx) error {
			return tx.QueryRowContext(ctx, query).Scan(&version, &rows)
		})
		if err != nil {
			w.t.Fatal(err)
		}
		text += fmt.Sprintf("%s %d %d\n", table, version, rows)
	}
	return text
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	db, key := databasetest.SQLite(t), testKey(t, "1")
	good := func() ledger.Options {
		return ledger.Options{DB: db, Clock: clock.RealClock{}, Key: key, BaseURL: baseURL, Process: "one"}
	}
	for reason, test := range map[string]struct {
		change func(*ledger.Options)
		want   string
	}{
		"all there":             {func(*ledger.Options) {}, ""},
		"with a port":           {func(o *ledger.Options) { o.BaseURL = "http://127.0.0.1:8080" }, ""},
		"a portal has no key":   {func(o *ledger.Options) { o.Key, o.BaseURL, o.Process = invite.Key{}, "", "" }, ""},
		"no database":           {func(o *ledger.Options) { o.DB = nil }, "database"},
		"no clock":              {func(o *ledger.Options) { o.Clock = nil }, "clock"},
		"no process":            {func(o *ledger.Options) { o.Process = "" }, "process"},
		"no base URL":           {func(o *ledger.Options) { o.BaseURL = "" }, "base URL"},
		"a slash at the end":    {func(o *ledger.Options) { o.BaseURL += "/" }, "without a slash"},
		"no scheme":             {func(o *ledger.Options) { o.BaseURL = "join.example.com" }, "https://host"},
		"another scheme":        {func(o *ledger.Options) { o.BaseURL = "javascript://host" }, "https://host"},
		"a query":               {func(o *ledger.Options) { o.BaseURL += "?a=b" }, "https://host"},
		"no host":               {func(o *ledger.Options) { o.BaseURL = "https://:80" }, "https://host"},
		"a user in it":          {func(o *ledger.Options) { o.BaseURL = "https://me@host" }, "https://host"},
		"a fragment":            {func(o *ledger.Options) { o.BaseURL += "#a" }, "https://host"},
		"a line break inserted": {func(o *ledger.Options) { o.BaseURL = "https://host\r\nx" }, "https://host"},
	} {
		t.Run(reason, func(t *testing.T) {
			o := good()
			test.change(&o)
			_, err := ledger.New(o)
			if test.want == "" && err != nil {
				t.Errorf("error %v", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("error %v; want one with %q", err, test.want)
			}
		})
	}
}

func TestWithoutAKeyLinksAreNotMade(t *testing.T) {
	eachDatabase(t, func(w *world) {
		w.invite(ada, 1)
		token := w.token(ada)
		portal, err := ledger.New(ledger.Options{DB: w.db, Clock: w.clock})
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = portal.Invite(w.t.Context(), request("eve@example.com", 1))
		wantKind(w.t, "invite", err, directory.KindInternal)
		_, err = portal.Link(w.t.Context(), clinic, ada)
		wantKind(w.t, "link", err, directory.KindInternal)
		_, err = portal.Claim(w.t.Context(), 1)
		wantKind(w.t, "claim", err, directory.KindInternal)

		found, err := portal.Lookup(w.t.Context(), token)
		wantKind(w.t, "look up", err, "")
		if found.Address != ada {
			w.t.Errorf("found the invitation of %q", found.Address)
		}
		_, err = redeem(w.t.Context(), portal, w.db, token)
		wantKind(w.t, "redeem", err, "")
	})
}
