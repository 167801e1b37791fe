package ledger

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// pace is the time within which mails are added up for MailLimits.PerHour.
	pace = time.Hour
	// claimsEnd is how long nothing of an organization is claimed when all the
	// room there is was taken by claims that are not finished.
	claimsEnd = time.Second
)

// waitingMail is a delivery that waits to be claimed.
type waitingMail struct {
	id           string
	organization directory.OrganizationID
	// surge is true when it counts for the limit on a surge.
	surge bool
}

// mailLimits is a row of the limits of an organization.
type mailLimits struct {
	perHour int
	surge   int
	window  time.Duration
	// tripped is how many would have left when they were stopped; 0 for not.
	tripped int
	holds   int64
}

// selectDue leaves out whoever has no room within the hour. A pause that ends
// later than there can be one was written before a clock was set back.
const selectDue = `SELECT id, organization, surge FROM deliveries
	WHERE state = 'Queued' AND next_at <= $1 AND NOT EXISTS (
		SELECT 1 FROM mail_limits p
		WHERE p.organization = deliveries.organization AND p.paused_until > $1 AND p.paused_until <= $3)
	ORDER BY next_at, id LIMIT $2`

// due returns the deliveries that wait to be claimed.
func (l *Ledger) due(ctx context.Context, n int) ([]waitingMail, error) {
	var due []waitingMail
	err := l.read(ctx, "look for due deliveries", func(ctx context.Context, tx database.Tx) error {
		due = nil
		now := l.now()
		rows, err := tx.QueryContext(ctx, selectDue, database.Micros(now), n, database.Micros(now.Add(pace+skew)))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var m waitingMail
			var surge int64
			if err := rows.Scan(&m.id, &m.organization, &surge); err != nil {
				return err
			}
			m.surge = surge != 0
			due = append(due, m)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return due, err
}

// paced returns the ids of those that may leave now, in their order, and stops
// or postpones the others. Whoever bounds its mail by the hour is claimed for by
// one process at a time; organizations are taken in one order, so that no two
// processes wait for each other.
func (l *Ledger) paced(ctx context.Context, tx database.Tx, due []waitingMail) ([]string, error) {
	of := map[directory.OrganizationID][]waitingMail{}
	for _, m := range due {
		of[m.organization] = append(of[m.organization], m)
	}
	leaves := map[string]bool{}
	for _, org := range slices.Sorted(maps.Keys(of)) {
		limits, err := limitsToClaim(ctx, tx, org)
		if err != nil {
			return nil, err
		}
		may := of[org]
		if limits != nil {
			if may, err = l.calm(ctx, tx, org, may, limits); err != nil {
				return nil, err
			}
			if may, err = l.slow(ctx, tx, org, may, limits); err != nil {
				return nil, err
			}
		}
		for _, m := range may {
			leaves[m.id] = true
		}
	}
	var ids []string
	for _, m := range due {
		if leaves[m.id] {
			ids = append(ids, m.id)
		}
	}
	return ids, nil
}

const (
	selectLimits = "SELECT per_hour, surge, surge_window, tripped, holds FROM mail_limits WHERE organization = $1"
	lockLimits   = `UPDATE mail_limits SET per_hour = per_hour WHERE organization = $1
		RETURNING per_hour, surge, surge_window, tripped, holds`
)

// limitsToClaim returns nil when there are none. By the hour is counted exactly,
// and so under a lock; a surge is seen by whoever comes next.
func limitsToClaim(ctx context.Context, tx database.Tx, org directory.OrganizationID) (*mailLimits, error) {
	limits, err := scanLimits(tx.QueryRowContext(ctx, selectLimits, org))
	if err != nil || limits == nil || limits.perHour == 0 {
		return limits, err
	}
	return scanLimits(tx.QueryRowContext(ctx, lockLimits, org))
}

func scanLimits(row *sql.Row) (*mailLimits, error) {
	var m mailLimits
	var window int64
	err := row.Scan(&m.perHour, &m.surge, &window, &m.tripped, &m.holds)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	m.window = time.Duration(window) * time.Microsecond
	return &m, err
}

const (
	// The words of the index stand in each, because SQLite uses a partial index
	// only for a query that has them.
	leavingOnes  = "organization = $1 AND state IN ('Queued', 'Claimed', 'Held')"
	countClaimed = "SELECT COUNT(*) FROM deliveries WHERE " + leavingOnes + " AND state = 'Claimed' AND surge IN (0, 1)"
	countSent    = `SELECT COUNT(*), COALESCE(MIN(sent_at), 0) FROM deliveries
		WHERE organization = $1 AND state = 'Sent' AND surge IN (0, 1) AND sent_at > $2 AND sent_at <= $3`
	pauseMail = "UPDATE mail_limits SET paused_until = $2 WHERE organization = $1"
)

// forgetRails forgets what bounds an organization, and what was stopped in it.
func forgetRails(ctx context.Context, tx database.Tx, org directory.OrganizationID) error {
	for _, statement := range []string{
		"DELETE FROM removals WHERE organization = $1",
		"DELETE FROM removal_rails WHERE organization = $1",
		"DELETE FROM mail_limits WHERE organization = $1",
	} {
		if _, err := tx.ExecContext(ctx, statement, org); err != nil {
			return err
		}
	}
	return nil
}

// slow keeps back what has no room within the hour. What a clock wrote that was
// set back since does not count.
func (l *Ledger) slow(ctx context.Context, tx database.Tx, org directory.OrganizationID, may []waitingMail, limits *mailLimits) ([]waitingMail, error) {
	if limits.perHour == 0 || len(may) == 0 {
		return may, nil
	}
	now := l.now()
	var claimed, sent int
	var oldest int64
	if err := tx.QueryRowContext(ctx, countClaimed, org).Scan(&claimed); err != nil {
		return nil, err
	}
	err := tx.QueryRowContext(ctx, countSent, org, database.Micros(now.Add(-pace)), database.Micros(now.Add(skew))).Scan(&sent, &oldest)
	if err != nil {
		return nil, err
	}
	room := max(limits.perHour-claimed-sent, 0)
	if room >= len(may) {
		return may, nil
	}
	until := now.Add(claimsEnd)
	if sent > 0 {
		until = database.FromMicros(oldest).Add(pace)
	}
	_, err = tx.ExecContext(ctx, pauseMail, org, database.Micros(until))
	return may[:room], err
}
