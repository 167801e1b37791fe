package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxReason bounds what is kept of a mail server's words, in bytes.
const maxReason = 200

// Finish records how an attempt ended; id is the claimed [directory.Delivery]'s.
// Repeating it changes nothing.
// KindConflict means that the claim is not this process's any more: it ended,
// and whatever came of the attempt counts as unknown. KindNotFound that there
// is no such delivery, KindInvalid that the result is not one of the four.
func (l *Ledger) Finish(ctx context.Context, id string, o directory.DeliveryOutcome) error {
	const op = "finish a delivery"
	delivery, attempt, ok := parseClaimID(id)
	if !ok {
		return &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectMail(ctx, tx, op, delivery)
		if err != nil {
			return err
		}
		d := r.delivery
		if d.attempts == attempt && recorded(d, o.Result) {
			return nil
		}
		if d.state != directory.DeliveryClaimed || d.claimedBy != l.process || d.attempts != attempt {
			return directory.Errorf(directory.KindConflict, op, "attempt %d is not claimed by this process any more", attempt)
		}
		next, err := l.after(&r, o, l.now())
		if err != nil {
			return err
		}
		return l.move(ctx, tx, &r, next)
	})
}

// recorded reports whether the delivery is where the result of its last attempt
// has brought it: the answer to an earlier Finish was lost.
func recorded(d deliveryRecord, result directory.DeliveryResult) bool {
	switch d.state {
	case directory.DeliverySent:
		return result == directory.ResultSent
	case directory.DeliveryRejected:
		return result == directory.ResultRejected
	case directory.DeliveryUnknown:
		return result == directory.ResultUnknown
	case directory.DeliveryQueued:
		return result == directory.ResultRetry && !d.resent || result == directory.ResultUnknown && d.resent
	case directory.DeliveryClaimed, directory.DeliveryCancelled, directory.DeliveryHeld:
	}
	return false
}

// transition is where a claimed delivery goes.
type transition struct {
	to     deliveryRecord
	action Action
	note   string
}

// after decides what follows an attempt. It does no I/O.
func (l *Ledger) after(r *record, o directory.DeliveryOutcome, now time.Time) (transition, error) {
	to := r.delivery
	to.claimedBy, to.claimedUntil, to.lastError = "", 0, bounded(o.Reason)
	t := transition{to: to, note: attemptNote(to.attempts)}
	if to.lastError != "" {
		t.note += ": " + to.lastError
	}
	switch o.Result {
	case directory.ResultSent:
		t.to.state, t.to.sentAt, t.to.lastError, t.action = directory.DeliverySent, database.Micros(now), "", ActionSent
	case directory.ResultRejected:
		t.to.state, t.action = directory.DeliveryRejected, ActionRejected
	case directory.ResultRetry:
		t.to.state, t.action = directory.DeliveryCancelled, ActionCancelled
		if r.pending(now) {
			t.to.state, t.action = directory.DeliveryQueued, ActionRetried
			t.to.nextAt = database.Micros(now.Add(backoff(to.attempts, l.jitter())))
		}
	case directory.ResultUnknown:
		t.to.state, t.action = directory.DeliveryUnknown, ActionUnknown
		if r.unknown == directory.UnknownResendOnce && !to.resent && r.pending(now) {
			t.to.state, t.to.resent, t.to.nextAt, t.action = directory.DeliveryQueued, true, database.Micros(now), ActionResent
		}
	default:
		return transition{}, directory.Errorf(directory.KindInvalid, "finish a delivery", "the result is %q", o.Result)
	}
	return t, nil
}

// move takes the delivery out of its claim, unless that has changed meanwhile.
func (l *Ledger) move(ctx context.Context, tx database.Tx, r *record, t transition) error {
	resent := 0
	if t.to.resent {
		resent = 1
	}
	result, err := tx.ExecContext(ctx, `
		UPDATE deliveries SET state = $1, resent = $2, next_at = $3, claimed_by = '', claimed_until = 0, sent_at = $4, last_error = $5
		WHERE id = $6 AND state = 'Claimed' AND claimed_by = $7 AND attempts = $8`,
		t.to.state, resent, t.to.nextAt, t.to.sentAt, t.to.lastError, r.delivery.id, r.delivery.claimedBy, r.delivery.attempts)
	if err := expectOne(result, err); err != nil {
		return err
	}
	if err := l.audit(ctx, tx, r.entry(ActorOutbox, t.action, t.note)); err != nil {
		return err
	}
	l.appendChange(tx, r.organization, r.address)
	if t.to.state == directory.DeliveryQueued && t.action == ActionResent {
		tx.AfterCommit(l.signal)
	}
	return nil
}

// overdue returns claims that were not finished in time.
func (l *Ledger) overdue(ctx context.Context) ([]string, error) {
	var ids []string
	err := l.read(ctx, "look for overdue deliveries", func(ctx context.Context, tx database.Tx) error {
		var err error
		ids, err = selectIDs(ctx, tx, selectOverdue, database.Micros(l.now()), maxClaims)
		return err
	})
	return ids, err
}

const selectOverdue = "SELECT id FROM deliveries WHERE state = 'Claimed' AND claimed_until <= $1 ORDER BY claimed_until, id LIMIT $2"

// settle treats a claim that was not finished as one that whoever made it died
// with: before the message departed it is simply due again, and afterwards
// nobody knows the outcome, because the mail server may have taken it.
func (l *Ledger) settle(ctx context.Context, ids []string) error {
	const op = "settle overdue deliveries"
	if len(ids) == 0 {
		return nil
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		for _, id := range ids {
			r, err := selectMail(ctx, tx, op, id)
			if err != nil {
				return err
			}
			now := l.now()
			if r.delivery.state != directory.DeliveryClaimed || r.delivery.claimedUntil > database.Micros(now) {
				continue
			}
			lost := directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: "the attempt was not finished in time"}
			if r.delivery.departed {
				lost.Result = directory.ResultUnknown
			}
			next, err := l.after(&r, lost, now)
			if err != nil {
				return err
			}
			if err := l.move(ctx, tx, &r, next); err != nil {
				return err
			}
		}
		return nil
	})
}

func attemptNote(attempt int) string { return fmt.Sprintf("attempt %d", attempt) }

// bounded keeps what a status and every database can show: one line of valid
// text, cut between characters.
func bounded(reason string) string {
	reason = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(reason, "?"))
	if len(reason) <= maxReason {
		return reason
	}
	cut := maxReason
	for !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut]
}
