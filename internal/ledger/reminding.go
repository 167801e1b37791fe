package ledger

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Remind implements [directory.Reminder]. KindInvalid means that the number is
// not one from 1.
func (l *Ledger) Remind(ctx context.Context, id string, number int) (directory.Invitation, error) {
	const op = "remind somebody of an invitation"
	if number < 1 {
		return directory.Invitation{}, directory.Errorf(directory.KindInvalid, op, "the reminder's number is %d: it counts from 1", number)
	}
	var reminded directory.Invitation
	err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectOne(ctx, tx, op, "WHERE i.id = $1", id)
		if err != nil {
			return err
		}
		now := l.now()
		if !r.pending(now) {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		if number > r.reminders.Last {
			if err := l.remind(ctx, tx, &r, number); err != nil {
				return err
			}
		}
		reminded, err = r.invitation(now)
		return err
	})
	return reminded, err
}

func (l *Ledger) remind(ctx context.Context, tx database.Tx, r *record, number int) error {
	if err := l.queue(ctx, tx, r, number, l.now()); err != nil {
		return err
	}
	r.reminders.Last, r.reminders.Open = number, true
	return l.audit(ctx, tx, r.entry(ActorManager, ActionReminderRequested, fmt.Sprintf("reminder %d", number)))
}
