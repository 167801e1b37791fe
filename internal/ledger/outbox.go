package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxClaims bounds one call of Claim.
const maxClaims = 100

// Wake returns a channel that is signalled after this process queued a
// delivery. Other processes' deliveries are found by asking from time to time.
func (l *Ledger) Wake() <-chan struct{} { return l.wake }

// signal never blocks: one signal that is waiting says as much as two.
func (l *Ledger) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Claim takes up to n deliveries that are due, oldest first, and at most 100.
// The claims are committed when it returns; each has to be finished before its
// Deadline. Afterwards it counts as unknown when it had departed, and as not
// tried otherwise. Claims that others did not finish
// are settled first. Fewer than n means that no more are due now, or that the
// database failed meanwhile. It writes nothing when nothing is due.
func (l *Ledger) Claim(ctx context.Context, n int) ([]directory.Delivery, error) {
	const op = "claim deliveries"
	if err := l.needKey(op); err != nil {
		return nil, err
	}
	overdue, err := l.overdue(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.settle(ctx, overdue); err != nil {
		return nil, err
	}
	return l.collect(ctx, op, atMost(n, maxClaims))
}

// collect goes on until it has n or nothing is due any more: what was due may
// have been taken by others, or be dead. Each round leaves less that is due.
func (l *Ledger) collect(ctx context.Context, op string, n int) ([]directory.Delivery, error) {
	var claimed []directory.Delivery
	for len(claimed) < n {
		due, err := l.due(ctx, n-len(claimed))
		if err == nil && len(due) == 0 {
			break
		}
		var more []directory.Delivery
		if err == nil {
			more, err = l.claim(ctx, op, due)
		}
		if err != nil && len(claimed) > 0 {
			// What is claimed already must be handed over, not dropped.
			break
		}
		if err != nil {
			return nil, err
		}
		claimed = append(claimed, more...)
	}
	return claimed, nil
}

// claim takes those of the deliveries that are still there to be taken. Every
// claimer takes them in the same order, so two never wait for each other.
func (l *Ledger) claim(ctx context.Context, op string, due []waitingMail) ([]directory.Delivery, error) {
	var claimed []directory.Delivery
	err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		claimed = make([]directory.Delivery, 0, len(due))
		now := l.now()
		ids, err := l.paced(ctx, tx, due)
		if err != nil {
			return err
		}
		for _, id := range ids {
			r, err := l.claimOne(ctx, tx, op, id, now)
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
			d, err := l.delivery(r)
			if err != nil {
				if err := l.postpone(ctx, tx, r, err); err != nil {
					return err
				}
				continue
			}
			claimed = append(claimed, d)
		}
		return nil
	})
	return claimed, err
}

// postpone gives back what cannot be written. That is our own fault, not the
// recipient's: it is tried again later, perhaps by a process with the right key.
func (l *Ledger) postpone(ctx context.Context, tx database.Tx, r *record, why error) error {
	next, err := l.after(r, directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: why.Error()}, l.now())
	if err != nil {
		return err
	}
	return l.move(ctx, tx, r, next)
}

// claimOne returns nil when the delivery is not there to be taken any more.
func (l *Ledger) claimOne(ctx context.Context, tx database.Tx, op, id string, now time.Time) (*record, error) {
	result, err := tx.ExecContext(ctx, `
		UPDATE deliveries SET state = 'Claimed', attempts = attempts + 1, departed = 0, claimed_by = $1, claimed_until = $2
		WHERE id = $3 AND state = 'Queued' AND next_at <= $4 AND EXISTS (
			SELECT 1 FROM invitations i JOIN ledger_organizations o ON o.id = i.organization
			WHERE i.id = deliveries.invitation AND i.state = 'Pending' AND i.closed = 0 AND i.expires_at > $4)`,
		l.process, database.Micros(now.Add(l.claimFor)), id, database.Micros(now))
	if err := expectOne(result, err); errors.Is(err, errRaced) {
		return nil, l.cancelDead(ctx, tx, op, id, now)
	} else if err != nil {
		return nil, err
	}
	r, err := selectMail(ctx, tx, op, id)
	if err != nil {
		return nil, err
	}
	return &r, l.audit(ctx, tx, r.entry(ActorOutbox, ActionClaimed, attemptNote(r.delivery.attempts)))
}

// cancelDead gives a queued delivery up when its invitation has expired or
// ended, and does nothing when somebody else has claimed it.
func (l *Ledger) cancelDead(ctx context.Context, tx database.Tx, op, id string, now time.Time) error {
	r, err := selectMail(ctx, tx, op, id)
	if err != nil {
		return err
	}
	if r.delivery.state != directory.DeliveryQueued || r.pending(now) {
		return nil
	}
	result, err := tx.ExecContext(ctx, "UPDATE deliveries SET state = 'Cancelled' WHERE id = $1 AND state = 'Queued'", id)
	if err := expectOne(result, err); err != nil {
		return err
	}
	l.appendChange(tx, r.organization, r.address)
	return l.audit(ctx, tx, r.entry(ActorOutbox, ActionCancelled, "the invitation is not pending any more"))
}

// delivery is the claimed record in the domain's words, with its link made again.
func (l *Ledger) delivery(r *record) (directory.Delivery, error) {
	link, err := l.link(r)
	if err != nil {
		return directory.Delivery{}, err
	}
	i, err := r.invitation(l.now())
	if err != nil {
		return directory.Delivery{}, err
	}
	return directory.Delivery{
		ID: claimID(r.delivery.id, r.delivery.attempts), Organization: r.organization, Mail: r.mail, Address: r.address,
		Details: i.Details, Link: link, ExpiresAt: i.ExpiresAt, MessageID: r.delivery.id + "@" + l.mailHost,
		Purpose: r.purpose, Reminder: r.delivery.ordinal, InReplyTo: l.inReplyTo(r),
		Attempt: r.delivery.attempts, Deadline: database.FromMicros(r.delivery.claimedUntil),
	}, nil
}

// inReplyTo is the Message-ID of the first mail, so that a reminder is shown
// beside it (RFC 5322, section 3.6.4).
func (l *Ledger) inReplyTo(r *record) string {
	if r.delivery.ordinal == 0 {
		return ""
	}
	return r.id + "@" + l.mailHost
}
