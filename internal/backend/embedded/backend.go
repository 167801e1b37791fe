package embedded

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// defaultPageSize is the most members of one page of a listing: some 300 KB.
const defaultPageSize = 500

// Database is what the backend needs of a database. A migrated [database.DB] is
// one.
type Database interface {
	Read(ctx context.Context, f func(context.Context, database.Tx) error) error
	Write(ctx context.Context, f func(context.Context, database.Tx) error) error
}

// Redeemer ends pending invitations. The ledger is one.
type Redeemer interface {
	// Redeem accepts the invitation of the token as part of the transaction,
	// together with its change and its audit entry. KindNotFound unless it is
	// pending at this moment.
	Redeem(ctx context.Context, tx database.Tx, token string) (directory.Invitation, error)
}

// Options are what a Backend works with.
type Options struct {
	// DB is the migrated database. Required.
	DB Database
	// Ledger redeems invitations; it works on the same database. Required.
	Ledger Redeemer
	// Clock tells the time. Required.
	Clock clock.PassiveClock
	// Rand is the source of secrets; nil means crypto/rand.
	Rand io.Reader
	// HashConcurrency is how many passwords are hashed at once, each in 19 MiB;
	// 0 means as many as there are processors.
	HashConcurrency int
	// PageSize is the most members of a page of a listing; 0 means 500.
	PageSize int
}

// Backend keeps members in the database. It may be used by many goroutines at
// once, and any number of them may work on one database.
type Backend struct {
	db       Database
	ledger   Redeemer
	clock    clock.PassiveClock
	rand     io.Reader
	pageSize int
	hasher   *hasher
}

var _ directory.Backend = (*Backend)(nil)

// New returns a Backend. It does no I/O but reading random bytes.
func New(o Options) (*Backend, error) {
	if o.DB == nil || o.Ledger == nil || o.Clock == nil {
		return nil, errors.New("the embedded backend needs a database, a ledger and a clock")
	}
	if o.HashConcurrency < 0 || o.PageSize < 0 {
		return nil, fmt.Errorf("the embedded backend cannot hash %d passwords at once or list %d members to a page", o.HashConcurrency, o.PageSize)
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	h, err := newHasher(o.Rand, cmp.Or(o.HashConcurrency, runtime.GOMAXPROCS(0)), strength())
	if err != nil {
		return nil, err
	}
	return &Backend{
		db: o.DB, ledger: o.Ledger, clock: o.Clock, rand: o.Rand,
		pageSize: cmp.Or(o.PageSize, defaultPageSize), hasher: h,
	}, nil
}

// Capabilities implements [directory.Backend].
func (b *Backend) Capabilities(context.Context) (directory.Capabilities, error) {
	return directory.Capabilities{
		Invitations: directory.InvitationsOurs, SignIn: directory.SignInHere, Tenancy: directory.TenancyMany, PageSize: b.pageSize,
		Units: true, NestedUnits: true, Roles: true, UnitGrants: true, Permissions: true, Fields: directory.AllFields(),
		Removals: []directory.Removal{directory.RemovalDrop, directory.RemovalDisable, directory.RemovalDelete},
	}, nil
}

// Check implements [directory.Backend].
func (b *Backend) Check(ctx context.Context) error {
	return b.read(ctx, "check the database", func(ctx context.Context, tx database.Tx) error {
		_, err := exists(ctx, tx, "SELECT COUNT(*) FROM organizations WHERE id = ''")
		return err
	})
}
