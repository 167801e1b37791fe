package embedded

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

var _ directory.AddressChanger = (*Backend)(nil)

// errAddressTaken names nobody: the message reaches the status of whoever asks.
var errAddressTaken = errors.New("somebody else is a member under the new address: remove them first, or choose another address")

// ChangeAddress implements [directory.AddressChanger]. The password stays, and
// so do the sessions: it is the same person.
func (b *Backend) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	const op = "change a member's address"
	if err := storableKey("the address", from, to); err != nil {
		return inOp(op, err)
	}
	if from == to {
		return nil
	}
	done := false
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		before, err := selectRow(ctx, tx, org, from)
		if err != nil || before != nil {
			done = false
			return err
		}
		after, err := selectRow(ctx, tx, org, to)
		done = after != nil
		return err
	})
	if err != nil || done {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		before, err := selectRow(ctx, tx, org, from)
		if err != nil {
			return err
		}
		taken, err := selectRow(ctx, tx, org, to)
		switch {
		case err != nil:
			return err
		case before == nil && taken == nil:
			return missing("the member")
		case before == nil:
			return nil
		case taken != nil:
			return &directory.Error{Kind: directory.KindExists, Err: errAddressTaken}
		}
		changed, err := execute(ctx, tx, `
			UPDATE members SET address = $1, version = version + 1
			WHERE organization = $2 AND address = $3 AND version = $4 AND NOT EXISTS (
				SELECT 1 FROM members m WHERE m.organization = $2 AND m.address = $1)`, to, org, from, before.version)
		if err == nil && changed == 0 {
			return errOvertaken
		}
		return err
	})
}
