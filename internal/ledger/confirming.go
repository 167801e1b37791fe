package ledger

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Confirm redeems the link by which somebody who is in confirms a changed
// address. What follows from it is the manager's matter. KindNotFound unless it
// is pending at this moment, and for links that are for something else.
func (l *Ledger) Confirm(ctx context.Context, token string) error {
	const op = "confirm an address"
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		i, err := l.answer(ctx, tx, op, token, directory.InvitationAccepted)
		if err != nil {
			return err
		}
		if i.Purpose != directory.PurposeConfirm {
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		}
		return nil
	})
}
