package embedded_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

const practice directory.OrganizationID = "clinic/practice"

const (
	ada      = "ada@example.com"
	grace    = "grace@example.com"
	password = "a long and quiet afternoon"
	baseURL  = "https://people.example.com"
)

// world is a backend with the ledger beside it, on one database.
type world struct {
	*embedded.Backend
	db     *countingDB
	ledger *ledger.Ledger
	clock  *testingclock.FakeClock
}

// countingDB counts the transactions that wrote, and fails when told to.
type countingDB struct {
	*database.DB
	// second, when set, runs every other transaction, as another process would.
	second *database.DB
	turn   atomic.Int64
	writes atomic.Int64
	fault  atomic.Pointer[directory.Error]
}

func (c *countingDB) next() *database.DB {
	if c.second != nil && c.turn.Add(1)%2 == 0 {
		return c.second
	}
	return c.DB
}

func (c *countingDB) Write(ctx context.Context, f func(context.Context, database.Tx) error) error {
	if fault := c.fault.Load(); fault != nil {
		return fault
	}
	err := c.next().Write(ctx, f)
	if err == nil {
		c.writes.Add(1)
	}
	return err
}

func (c *countingDB) Read(ctx context.Context, f func(context.Context, database.Tx) error) error {
	if fault := c.fault.Load(); fault != nil {
		return fault
	}
	return c.next().Read(ctx, f)
}

// quick stands in for argon2id where a test is not about hashing.
func quick(password, salt []byte, _ embedded.Cost) []byte {
	sum := sha256.Sum256(append(append([]byte{}, salt...), password...))
	return sum[:]
}

func newWorld(tb testing.TB, db *database.DB, change ...func(*embedded.Options)) *world {
	tb.Helper()
	w := &world{
		db:    &countingDB{DB: db},
		clock: testingclock.NewFakeClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)),
	}
	key, err := invite.NewKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		tb.Fatal(err)
	}
	if w.ledger, err = ledger.New(ledger.Options{DB: db, Clock: w.clock, Key: key, BaseURL: baseURL, Process: "test"}); err != nil {
		tb.Fatal(err)
	}
	o := embedded.Options{DB: w.db, Ledger: w.ledger, Clock: w.clock, HashConcurrency: 4, PageSize: 10}
	for _, f := range change {
		f(&o)
	}
	if w.Backend, err = embedded.New(o); err != nil {
		tb.Fatal(err)
	}
	w.WithKDF(quick)
	return w
}

// practiceWorld is a world with an organization that has a unit, a role, and
// Ada, who is invited to both.
func practiceWorld(tb testing.TB, db *database.DB) *world {
	tb.Helper()
	w := newWorld(tb, db)
	ctx := context.Background()
	must(tb, w.ApplyOrganization(ctx, directory.Organization{ID: practice, DisplayName: "Example Practice"}))
	must(tb, w.ledger.ApplyOrganization(ctx, directory.Organization{ID: practice, DisplayName: "Example Practice"}))
	must(tb, w.ApplyUnit(ctx, directory.Unit{Organization: practice, Name: "north", DisplayName: "North Clinic"}))
	must(tb, w.ApplyRole(ctx, directory.Role{Organization: practice, Name: "clinician", DisplayName: "Clinician", Permissions: []string{"notes.read"}}))
	w.member(tb, ada, directory.MemberInvited)
	must(tb, w.ApplyAccess(ctx, practice, ada, directory.Access{
		Grants: []directory.Grant{{Role: "clinician"}, {Role: "clinician", Unit: "north"}},
		Units:  []string{"north"},
	}))
	return w
}

func (w *world) member(tb testing.TB, address string, state directory.MemberState) directory.ObservedMember {
	tb.Helper()
	m, err := w.ApplyMember(context.Background(), directory.Member{
		Organization: practice, Address: address, State: state,
		Profile: directory.Profile{DisplayName: "Declared Name"},
	})
	must(tb, err)
	return m
}

// invite issues an invitation and returns the token of its link.
func (w *world) invite(tb testing.TB, address string, revision int64) string {
	tb.Helper()
	ctx := context.Background()
	_, err := w.ledger.Invite(ctx, directory.InvitationRequest{
		Organization: practice, Address: address, Revision: revision, ExpiresAfter: time.Hour,
	})
	must(tb, err)
	link, err := w.ledger.Link(ctx, practice, address)
	must(tb, err)
	return link[strings.LastIndex(link, "/")+1:]
}

// accept brings somebody in and returns the session.
func (w *world) accept(tb testing.TB, address string) string {
	tb.Helper()
	session, _, err := w.Accept(context.Background(), w.invite(tb, address, 1),
		directory.Acceptance{Name: "Ada Lovelace", Password: password})
	must(tb, err)
	return session
}

func (w *world) observe(tb testing.TB, address string) directory.ObservedMember {
	tb.Helper()
	m, err := w.Member(context.Background(), practice, address)
	must(tb, err)
	return m
}

// invitation returns the newest invitation of Ada.
func (w *world) invitation(tb testing.TB) directory.Invitation {
	tb.Helper()
	i, err := w.ledger.Invitation(context.Background(), practice, ada)
	must(tb, err)
	return i
}

// signedIn reports whether a session is good.
func (w *world) signedIn(tb testing.TB, session string) bool {
	tb.Helper()
	_, err := w.Session(context.Background(), session)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		tb.Fatal(err)
	}
	return err == nil
}

// count returns how many rows a table has.
func (w *world) count(tb testing.TB, table string) int {
	tb.Helper()
	var n int
	must(tb, w.db.DB.Read(context.Background(), func(ctx context.Context, tx database.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	}))
	return n
}

// column returns all values of a column.
func (w *world) column(tb testing.TB, query string) []string {
	tb.Helper()
	var all []string
	must(tb, w.db.DB.Read(context.Background(), func(ctx context.Context, tx database.Tx) error {
		all = nil
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var s sql.NullString
			if err := rows.Scan(&s); err != nil {
				return err
			}
			all = append(all, s.String)
		}
		return rows.Err()
	}))
	return all
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantKind(tb testing.TB, what string, err error, want directory.Kind) {
	tb.Helper()
	if !directory.IsKind(err, want) {
		tb.Errorf("%s: %v (kind %q), want kind %s", what, err, directory.KindOf(err), want)
	}
}
