package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// defaultClaimFor is longer than a mail server may take for one message on a
// working connection, and short enough to resend the same minute.
const defaultClaimFor = time.Minute

// Options are what a Ledger works with.
type Options struct {
	// DB is a migrated database. Required.
	DB *database.DB
	// Clock tells the time and ticks. Required.
	Clock clock.WithTicker
	// Key makes the tokens of links. A process that only looks up and redeems
	// them, a portal, has none; then Invite, Link and Claim fail with KindInternal.
	Key invite.Key
	// BaseURL is the portal's public address, https://host without a trailing
	// slash. Required with a Key.
	BaseURL string
	// Process tells this process from every other that claims deliveries at the
	// same time. Required with a Key.
	Process string
	// ClaimFor is how long one attempt to hand over a mail may take; 0 means a minute.
	ClaimFor time.Duration
	// Jitter returns a number in [0,1) that spreads retries; nil means a random one.
	Jitter func() float64
}

// Ledger is the durable record. It may be used by many goroutines at once. It
// holds nothing but connections: any number of ledgers may work on one database.
type Ledger struct {
	db       *database.DB
	clock    clock.WithTicker
	key      invite.Key
	baseURL  string
	mailHost string
	process  string
	claimFor time.Duration
	jitter   func() float64

	// wake is signalled when this process queued a delivery.
	wake chan struct{}
	// changed wakes followers in this process.
	changed broadcast
	// run and entries make the ids of audit entries unique.
	run     string
	entries atomic.Uint32
}

var (
	_ directory.Inviter  = (*Ledger)(nil)
	_ directory.Linker   = (*Ledger)(nil)
	_ directory.Reminder = (*Ledger)(nil)
)

// New returns a Ledger. It does no I/O.
func New(o Options) (*Ledger, error) {
	if o.DB == nil || o.Clock == nil {
		return nil, errors.New("a ledger needs a database and a clock")
	}
	if o.ClaimFor <= 0 {
		o.ClaimFor = defaultClaimFor
	}
	if o.Jitter == nil {
		o.Jitter = mathrand.Float64
	}
	l := &Ledger{
		db: o.DB, clock: o.Clock, key: o.Key, baseURL: o.BaseURL, process: o.Process,
		claimFor: o.ClaimFor, jitter: o.Jitter, wake: make(chan struct{}, 1),
	}
	if !o.Key.IsZero() {
		if o.Process == "" {
			return nil, errors.New("a ledger with a key needs the name of its process")
		}
		host, err := hostOf(o.BaseURL)
		if err != nil {
			return nil, err
		}
		l.mailHost = host
	}
	var run [4]byte
	if _, err := rand.Read(run[:]); err != nil {
		return nil, fmt.Errorf("name this run: %w", err)
	}
	l.run = hex.EncodeToString(run[:])
	return l, nil
}

// hostOf returns the host of a base URL as it stands to the right of the @ in a
// Message-ID (RFC 5322, section 3.6.4): a literal address is bracketed.
func hostOf(baseURL string) (string, error) {
	u, err := url.Parse(baseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(baseURL, "/") {
		return "", fmt.Errorf("the portal's base URL is %q: write https://host or https://host:port, without a slash at the end", baseURL)
	}
	host := strings.ToLower(u.Hostname())
	if net.ParseIP(host) != nil {
		return "[" + host + "]", nil
	}
	return host, nil
}

// needKey fails in a process that was given no key.
func (l *Ledger) needKey(op string) error {
	if l.key.IsZero() {
		return directory.Errorf(directory.KindInternal, op, "this process has no invitation key")
	}
	return nil
}

// now is the present as databases hold it.
func (l *Ledger) now() time.Time { return l.clock.Now().UTC().Truncate(time.Microsecond) }

// errRaced says that another transaction was faster than ours: look again.
var errRaced = errors.New("changed by somebody else at the same time")

// maxRaces bounds how often it is looked again. Each round somebody else made
// progress, so this is reached only by a fault of ours.
const maxRaces = 50

// write runs f in a transaction, anew when it was overtaken.
func (l *Ledger) write(ctx context.Context, op string, f func(context.Context, database.Tx) error) error {
	for range maxRaces {
		err := l.db.Write(ctx, f)
		if !errors.Is(err, errRaced) {
			return inOp(op, err)
		}
	}
	return directory.Errorf(directory.KindConflict, op, "%w", errRaced)
}

func (l *Ledger) read(ctx context.Context, op string, f func(context.Context, database.Tx) error) error {
	return inOp(op, l.db.Read(ctx, f))
}

// inOp says what was being done, and keeps the kind.
func inOp(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *directory.Error
	if errors.As(err, &known) && known.Op == op {
		return err
	}
	return &directory.Error{Kind: directory.KindOf(err), Op: op, RetryAfter: directory.RetryAfter(err), Err: err}
}

// expectOne is for a conditional statement that was to change one row:
// errRaced when it changed none.
func expectOne(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return errRaced
	}
	return nil
}

// atMost bounds what a caller asks for; less than one means as much as there may be.
func atMost(asked, most int) int {
	if asked < 1 {
		return most
	}
	return min(asked, most)
}
