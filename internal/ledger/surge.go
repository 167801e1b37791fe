package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

var _ directory.MailRail = (*Ledger)(nil)

// Actions of the rail on a surge of invitations.
const (
	// ActionMailHeld stopped all invitations that count; the note has the numbers.
	ActionMailHeld Action = "MailHeld"
	// ActionMailReleased let them leave; the note says why.
	ActionMailReleased Action = "MailReleased"
)

const (
	countSurge = "SELECT COUNT(*) FROM deliveries WHERE " + leavingOnes + " AND surge = 1"
	sentSurge  = `SELECT COUNT(*) FROM deliveries
		WHERE organization = $1 AND state = 'Sent' AND surge = 1 AND sent_at > $2 AND sent_at <= $3`
	holdSurge = "UPDATE deliveries SET state = 'Held', hold = $2 WHERE " + leavingOnes + " AND state = 'Queued' AND surge = 1"
	// selectHeld tells what was stopped, and can still leave, up to a hold.
	selectHeld = `SELECT COUNT(*), COALESCE(MAX(hold), 0), COALESCE(MAX(id), '') FROM deliveries
		WHERE ` + leavingOnes + ` AND state = 'Held' AND surge = 1 AND hold <= $2 AND EXISTS (
			SELECT 1 FROM invitations i
			WHERE i.id = deliveries.invitation AND i.state = 'Pending' AND i.closed = 0 AND i.expires_at > $3)`
	releaseHeld = "UPDATE deliveries SET state = 'Queued', surge = $3, hold = 0, next_at = $4 WHERE " + leavingOnes +
		" AND state = 'Held' AND surge = 1 AND hold <= $2"
	// anyHold is above every hold.
	anyHold = int64(1) << 62
)

// calm stops all invitations of the organization that count, when more would
// leave than may, and as long as some are stopped.
func (l *Ledger) calm(ctx context.Context, tx database.Tx, org directory.OrganizationID, may []waitingMail, limits *mailLimits) ([]waitingMail, error) {
	if limits.surge < 0 || !slices.ContainsFunc(may, func(m waitingMail) bool { return m.surge }) {
		return may, nil
	}
	if limits.tripped > 0 {
		held, _, _, err := l.held(ctx, tx, org, anyHold)
		if err != nil {
			return nil, err
		}
		if held == 0 {
			limits.tripped = 0
		}
	}
	total, err := l.surging(ctx, tx, org, limits)
	if err != nil {
		return nil, err
	}
	if limits.tripped == 0 && total <= limits.surge {
		return may, nil
	}
	if err := l.holdMail(ctx, tx, org, total, limits); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(may, func(m waitingMail) bool { return m.surge }), nil
}

// surging counts what left within the window, and what is to leave.
func (l *Ledger) surging(ctx context.Context, tx database.Tx, org directory.OrganizationID, limits *mailLimits) (int, error) {
	var leaving int
	if err := tx.QueryRowContext(ctx, countSurge, org).Scan(&leaving); err != nil {
		return 0, err
	}
	sent, err := l.sentSurge(ctx, tx, org, limits)
	return leaving + sent, err
}

func (l *Ledger) sentSurge(ctx context.Context, tx database.Tx, org directory.OrganizationID, limits *mailLimits) (int, error) {
	var sent int
	now := l.now()
	err := tx.QueryRowContext(ctx, sentSurge, org, database.Micros(now.Add(-limits.window)), database.Micros(now.Add(skew))).Scan(&sent)
	return sent, err
}

func (l *Ledger) holdMail(ctx context.Context, tx database.Tx, org directory.OrganizationID, total int, limits *mailLimits) error {
	if _, err := tx.ExecContext(ctx, holdSurge, org, limits.holds+1); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE mail_limits SET tripped = $2, holds = $3 WHERE organization = $1",
		org, max(total, limits.tripped), limits.holds+1)
	if err != nil {
		return err
	}
	l.appendChange(tx, org, "")
	if limits.tripped > 0 {
		return nil
	}
	return l.audit(ctx, tx, AuditEntry{
		Actor: ActorOutbox, Action: ActionMailHeld, Organization: org, Note: fmt.Sprintf("%d would leave, more than %d", total, limits.surge),
	})
}

// held returns how many are stopped up to a hold, the newest hold of these, and
// one id that is of no other set.
func (l *Ledger) held(ctx context.Context, tx database.Tx, org directory.OrganizationID, upTo int64) (int, int64, string, error) {
	var count int
	var newest int64
	var id string
	err := tx.QueryRowContext(ctx, selectHeld, org, upTo, database.Micros(l.now())).Scan(&count, &newest, &id)
	return count, newest, id, err
}

// wave names what is stopped up to a hold; "" when that is nothing. The number
// stands first, so that a name says up to which one it goes.
func (l *Ledger) wave(ctx context.Context, tx database.Tx, org directory.OrganizationID, upTo int64) (string, int, error) {
	count, newest, id, err := l.held(ctx, tx, org, upTo)
	if err != nil || count == 0 {
		return "", 0, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "rollcall held mail v1\n%s\n%d\n%d\n%s", org, newest, count, id))
	return strconv.FormatInt(newest, 10) + "-" + hex.EncodeToString(sum[:5]), count, nil
}

// HeldMail implements [directory.MailRail].
func (l *Ledger) HeldMail(ctx context.Context, org directory.OrganizationID) (directory.HeldMail, error) {
	var held directory.HeldMail
	err := l.read(ctx, "look at the held mail", func(ctx context.Context, tx database.Tx) error {
		held = directory.HeldMail{}
		limits, err := scanLimits(tx.QueryRowContext(ctx, selectLimits, org))
		if err != nil || limits == nil || limits.tripped == 0 {
			return err
		}
		if held.Wave, held.Waiting, err = l.wave(ctx, tx, org, anyHold); err != nil || held.Wave == "" {
			return err
		}
		held.Limit = limits.surge
		held.Done, err = l.sentSurge(ctx, tx, org, limits)
		return err
	})
	return held, err
}

// ReleaseMail implements [directory.MailRail].
func (l *Ledger) ReleaseMail(ctx context.Context, org directory.OrganizationID, wave string) (int, error) {
	number, _, _ := strings.Cut(wave, "-")
	upTo, err := strconv.ParseInt(number, 10, 64)
	if err != nil || upTo <= 0 {
		return 0, nil //nolint:nilerr // such a name was never given to anything
	}
	released := 0
	err = l.write(ctx, "release held mail", func(ctx context.Context, tx database.Tx) error {
		released = 0
		name, count, err := l.wave(ctx, tx, org, upTo)
		if err != nil || name != wave {
			return err
		}
		released = count
		// It counts for nothing any more: it was approved.
		return l.release(ctx, tx, org, letting{upTo: upTo, why: "wave " + wave + " was approved"})
	})
	return released, err
}

// letting says what is let go: all that was stopped up to a hold, and whether it
// counts from then on (1) or not (0).
type letting struct {
	upTo  int64
	surge int
	why   string
}

// release queues what was stopped.
func (l *Ledger) release(ctx context.Context, tx database.Tx, org directory.OrganizationID, let letting) error {
	if _, err := tx.ExecContext(ctx, releaseHeld, org, let.upTo, let.surge, database.Micros(l.now())); err != nil {
		return err
	}
	left, _, _, err := l.held(ctx, tx, org, anyHold)
	if err != nil {
		return err
	}
	if left == 0 {
		if _, err := tx.ExecContext(ctx, "UPDATE mail_limits SET tripped = 0 WHERE organization = $1", org); err != nil {
			return err
		}
	}
	l.appendChange(tx, org, "")
	tx.AfterCommit(l.signal)
	return l.audit(ctx, tx, AuditEntry{Actor: ActorManager, Action: ActionMailReleased, Organization: org, Note: let.why})
}
