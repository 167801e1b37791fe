package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

var (
	_ directory.RemovalRail       = (*Ledger)(nil)
	_ directory.RemovalRailKeeper = (*Ledger)(nil)
)

// Actions of the removal rail.
const (
	// ActionRemovalAllowed let somebody be removed or disabled; the note says why.
	ActionRemovalAllowed Action = "RemovalAllowed"
	// ActionRemovalsApproved let all go that waited; the note names the wave.
	ActionRemovalsApproved Action = "RemovalsApproved"
	// ActionRemovalsHeld stopped all removals until somebody approves them.
	ActionRemovalsHeld Action = "RemovalsHeld"
)

const (
	// longestWindow is the longest time within which removals are added up;
	// older ones are forgotten.
	longestWindow = 7 * 24 * time.Hour
	// skew is how far a time may lie in the future because two machines have
	// different clocks. What lies further was written before a clock was set back.
	skew = time.Minute
	// maxSubject is the longest subject of a removal.
	maxSubject = 512
)

// removalState is where a removal stands.
type removalState string

const (
	removalWaiting  removalState = "Waiting"
	removalCounted  removalState = "Counted"
	removalApproved removalState = "Approved"
)

// removalRow is a removal as it is stored.
type removalRow struct {
	directory.Departure
	state removalState
}

func (r removalRow) granted() bool { return r.state == removalCounted || r.state == removalApproved }

// ReserveRemoval implements [directory.RemovalRail]. KindInvalid means that the
// request can never be met.
func (l *Ledger) ReserveRemoval(ctx context.Context, r directory.RemovalRequest) (directory.RemovalAnswer, error) {
	const op = "reserve a removal"
	if err := checkDeparture(op, r.Departure); err != nil {
		return "", err
	}
	answer := directory.RemovalAnswer("")
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		answer, err = l.foresee(ctx, tx, r)
		return err
	})
	if err != nil || answer != "" {
		return answer, err
	}
	err = l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		answer, err = l.reserve(ctx, tx, r)
		return err
	})
	return answer, err
}

func checkDeparture(op string, d directory.Departure) error {
	if err := checkKey(op, d.Organization, d.Address); err != nil {
		return err
	}
	if !plain(d.Subject, maxSubject) {
		return directory.Errorf(directory.KindInvalid, op, "the subject of the removal is empty, too long or not plain text")
	}
	return nil
}

// foresee answers what needs no write; "" when one is needed.
func (l *Ledger) foresee(ctx context.Context, tx database.Tx, r directory.RemovalRequest) (directory.RemovalAnswer, error) {
	state, err := stateOfRemoval(ctx, tx, r.Departure)
	if err != nil || (removalRow{state: state}).granted() {
		return directory.RemovalGranted, err
	}
	if r.Approval != "" {
		return "", nil
	}
	rail, err := removalRail(ctx, tx, r.Organization)
	if err != nil || rail.Held {
		return directory.RemovalHeld, err
	}
	count, newest, err := countRemovals(ctx, tx, r.Organization, l.now().Add(-r.Limit.Window))
	if err != nil || (count >= r.Limit.Floor && !newest.After(l.now().Add(skew))) {
		return directory.RemovalWaits, err
	}
	return "", nil
}

// reserve decides under the rail's lock.
func (l *Ledger) reserve(ctx context.Context, tx database.Tx, r directory.RemovalRequest) (directory.RemovalAnswer, error) {
	rail, err := l.lockRemovals(ctx, tx, r.Organization)
	if err != nil {
		return "", err
	}
	state, err := stateOfRemoval(ctx, tx, r.Departure)
	if err != nil || (removalRow{state: state}).granted() {
		return directory.RemovalGranted, err
	}
	if r.Approval != "" {
		return directory.RemovalGranted, l.allow(ctx, tx, r.Departure, removalApproved, "approved: "+r.Approval)
	}
	if rail.Held {
		return directory.RemovalHeld, nil
	}
	count, _, err := countRemovals(ctx, tx, r.Organization, l.now().Add(-r.Limit.Window))
	if err != nil || count >= r.Limit.Floor {
		return directory.RemovalWaits, err
	}
	return directory.RemovalGranted, l.allow(ctx, tx, r.Departure, removalCounted, "within the limits")
}

// lockRemovals makes all others who reserve for the organization wait, forgets
// what is over, and brings times back that a clock wrote which was set back
// since: otherwise they would count until the clock has come there again.
func (l *Ledger) lockRemovals(ctx context.Context, tx database.Tx, org directory.OrganizationID) (directory.RemovalStanding, error) {
	var rail directory.RemovalStanding
	var held int64
	err := tx.QueryRowContext(ctx, `
		INSERT INTO removal_rails (organization, held, held_done) VALUES ($1, 0, 0)
		ON CONFLICT (organization) DO UPDATE SET organization = excluded.organization
		RETURNING held, held_done`, org).Scan(&held, &rail.HeldDone)
	if err != nil {
		return rail, err
	}
	rail.Held = held != 0
	now := database.Micros(l.now())
	if _, err := tx.ExecContext(ctx, healRemovals, org, now); err != nil {
		return rail, err
	}
	_, err = tx.ExecContext(ctx, forgetRemovals, org, database.Micros(l.now().Add(-longestWindow)))
	return rail, err
}

const (
	healRemovals   = "UPDATE removals SET at = $2 WHERE organization = $1 AND state IN ('Counted', 'Approved') AND at > $2"
	forgetRemovals = "DELETE FROM removals WHERE organization = $1 AND state IN ('Counted', 'Approved') AND at <= $2"
)

// allow records that the removal may happen.
func (l *Ledger) allow(ctx context.Context, tx database.Tx, d directory.Departure, as removalState, why string) error {
	if err := l.putRemoval(ctx, tx, d, as); err != nil {
		return err
	}
	return l.audit(ctx, tx, AuditEntry{
		Actor: ActorManager, Action: ActionRemovalAllowed, Organization: d.Organization, Address: d.Address, Note: why,
	})
}

// putRemoval never takes back what was granted.
func (l *Ledger) putRemoval(ctx context.Context, tx database.Tx, d directory.Departure, as removalState) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO removals (organization, address, subject, state, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (organization, address, subject) DO UPDATE SET state = excluded.state, at = excluded.at
		WHERE removals.state = 'Waiting'`,
		d.Organization, d.Address, d.Subject, as, database.Micros(l.now()))
	return err
}

// stateOfRemoval is "" when it is not known.
func stateOfRemoval(ctx context.Context, tx database.Tx, d directory.Departure) (removalState, error) {
	var state removalState
	err := tx.QueryRowContext(ctx, selectRemoval, d.Organization, d.Address, d.Subject).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return state, err
}

const selectRemoval = "SELECT state FROM removals WHERE organization = $1 AND address = $2 AND subject = $3"

// removalRail is how the rail stands, but for what is counted.
func removalRail(ctx context.Context, tx database.Tx, org directory.OrganizationID) (directory.RemovalStanding, error) {
	var rail directory.RemovalStanding
	var held int64
	err := tx.QueryRowContext(ctx, "SELECT held, held_done FROM removal_rails WHERE organization = $1", org).Scan(&held, &rail.HeldDone)
	if errors.Is(err, sql.ErrNoRows) {
		return rail, nil
	}
	rail.Held = held != 0
	return rail, err
}

// countRemovals counts what was granted within the limits after a time, and
// tells when the last of these was.
func countRemovals(ctx context.Context, tx database.Tx, org directory.OrganizationID, after time.Time) (int, time.Time, error) {
	var count int
	var newest int64
	err := tx.QueryRowContext(ctx, selectCounted, org, database.Micros(after)).Scan(&count, &newest)
	return count, database.FromMicros(newest), err
}

const selectCounted = "SELECT COUNT(*), COALESCE(MAX(at), 0) FROM removals WHERE organization = $1 AND state = 'Counted' AND at > $2"
