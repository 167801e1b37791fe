package ledger

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Depart records that a claimed message is about to leave for good: it is at
// the mail server but for the end that makes the server take it. id is the
// claimed [directory.Delivery]'s. Only a claim that departed and was not
// finished is unknown, so a crash at any earlier moment loses and repeats
// nothing. Repeating it changes nothing.
//
// KindConflict means that the message must not leave: the claim is not this
// process's any more, or the invitation has ended meanwhile.
func (l *Ledger) Depart(ctx context.Context, id string) error {
	const op = "let a delivery depart"
	delivery, attempt, ok := parseClaimID(id)
	if !ok {
		return &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE deliveries SET departed = 1
			WHERE id = $1 AND state = 'Claimed' AND claimed_by = $2 AND attempts = $3 AND claimed_until > $4 AND EXISTS (
				SELECT 1 FROM invitations i JOIN ledger_organizations o ON o.id = i.organization
				WHERE i.id = deliveries.invitation AND i.state = 'Pending' AND i.closed = 0 AND i.expires_at > $4)`,
			delivery, l.process, attempt, database.Micros(l.now()))
		if err := expectOne(result, err); errors.Is(err, errRaced) {
			return directory.Errorf(directory.KindConflict, op, "attempt %d is not to be sent any more", attempt)
		} else if err != nil {
			return err
		}
		return nil
	})
}
