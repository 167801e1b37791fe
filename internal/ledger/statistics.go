package ledger

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Statistics counts what the ledger holds, over all organizations.
type Statistics struct {
	// Invitations counts all that were ever issued, by the state they are in now.
	Invitations map[directory.InvitationState]int64
	// Ages counts the pending ones that are at most as old as each of the ages
	// asked for; an invitation that is younger than two of them counts in both.
	Ages map[time.Duration]int64
	// AgeSum is how old all pending ones are together.
	AgeSum time.Duration
	// Deliveries counts the mails that are neither sent nor given up: Queued,
	// Claimed, Held, and of Unknown those whose invitation is still pending.
	Deliveries map[directory.DeliveryState]int64
	// Delay is for how long the mail that is due longest has been due; 0 when none is.
	Delay time.Duration
	// RemovalsHeld counts the organizations whose removals a rail has stopped.
	RemovalsHeld int64
}

// Statistics counts. It reads only indexes, one of which has an entry for every
// invitation that was ever issued: a hundred thousand take some ten
// milliseconds, so it is not to be called more than a few times a minute.
// KindUnavailable when the database does not answer.
func (l *Ledger) Statistics(ctx context.Context, ages []time.Duration) (Statistics, error) {
	var s Statistics
	err := l.read(ctx, "count what the ledger holds", func(ctx context.Context, tx database.Tx) error {
		now := l.now()
		s = Statistics{
			Invitations: map[directory.InvitationState]int64{
				directory.InvitationPending: 0, directory.InvitationAccepted: 0, directory.InvitationDeclined: 0,
				directory.InvitationRevoked: 0, directory.InvitationExpired: 0,
			},
			Ages: map[time.Duration]int64{},
			Deliveries: map[directory.DeliveryState]int64{
				directory.DeliveryQueued: 0, directory.DeliveryClaimed: 0, directory.DeliveryHeld: 0, directory.DeliveryUnknown: 0,
			},
		}
		for _, count := range []func(context.Context, database.Tx, time.Time) error{
			s.countInvitations, func(ctx context.Context, tx database.Tx, now time.Time) error { return s.countAges(ctx, tx, now, ages) },
			s.countDeliveries, s.countHeld,
		} {
			if err := count(ctx, tx, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Statistics{}, err
	}
	return s, nil
}

// What is closed while it is stored as pending is an invitation that was revoked
// together with the membership; see [record.effective].
const countStandings = `
SELECT CASE WHEN state <> 'Pending' THEN state WHEN closed <> 0 THEN 'Revoked' WHEN expires_at <= $1 THEN 'Expired' ELSE 'Pending' END, COUNT(*)
FROM invitations GROUP BY 1`

func (s *Statistics) countInvitations(ctx context.Context, tx database.Tx, now time.Time) error {
	return counted(ctx, tx, s.Invitations, countStandings, database.Micros(now))
}

const (
	pendingNow   = "FROM invitations WHERE state = 'Pending' AND closed = 0 AND expires_at > $1"
	countYounger = "SELECT COUNT(*) " + pendingNow + " AND created_at >= $2"
	// Whole seconds: the sum of microseconds would leave 64 bits at some millions.
	sumAges = "SELECT CAST(COALESCE(SUM(($1 - created_at) / 1000000), 0) AS BIGINT) " + pendingNow
)

func (s *Statistics) countAges(ctx context.Context, tx database.Tx, now time.Time, ages []time.Duration) error {
	for _, age := range ages {
		var n int64
		err := tx.QueryRowContext(ctx, countYounger, database.Micros(now), database.Micros(now.Add(-age))).Scan(&n)
		if err != nil {
			return err
		}
		s.Ages[age] = n
	}
	var seconds int64
	if err := tx.QueryRowContext(ctx, sumAges, database.Micros(now)).Scan(&seconds); err != nil {
		return err
	}
	s.AgeSum = time.Duration(seconds) * time.Second
	return nil
}

const (
	countLeaving = "SELECT state, COUNT(*) FROM deliveries WHERE state IN ('Queued', 'Claimed', 'Held') GROUP BY state"
	countUnknown = `SELECT COUNT(*) FROM deliveries d JOIN invitations i ON i.id = d.invitation
		WHERE d.state = 'Unknown' AND i.state = 'Pending' AND i.closed = 0 AND i.expires_at > $1`
	longestDue = "SELECT COALESCE(MIN(next_at), 0) FROM deliveries WHERE state = 'Queued'"
)

func (s *Statistics) countDeliveries(ctx context.Context, tx database.Tx, now time.Time) error {
	if err := counted(ctx, tx, s.Deliveries, countLeaving); err != nil {
		return err
	}
	var unknown, due int64
	if err := tx.QueryRowContext(ctx, countUnknown, database.Micros(now)).Scan(&unknown); err != nil {
		return err
	}
	s.Deliveries[directory.DeliveryUnknown] = unknown
	if err := tx.QueryRowContext(ctx, longestDue).Scan(&due); err != nil {
		return err
	}
	if due > 0 {
		s.Delay = max(now.Sub(database.FromMicros(due)), 0)
	}
	return nil
}

// There is one row for each organization.
const countHeldRails = "SELECT COUNT(*) FROM removal_rails WHERE held <> 0"

func (s *Statistics) countHeld(ctx context.Context, tx database.Tx, _ time.Time) error {
	return tx.QueryRowContext(ctx, countHeldRails).Scan(&s.RemovalsHeld)
}

// counted adds the rows of a query, each a word and a number, to the counts.
func counted[K ~string](ctx context.Context, tx database.Tx, into map[K]int64, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var word K
		var n int64
		if err := rows.Scan(&word, &n); err != nil {
			return err
		}
		into[word] += n
	}
	return rows.Err()
}
