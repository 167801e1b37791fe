package ledger

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Close implements [directory.Inviter]. Only what is pending is revoked; the
// state that an ended invitation ended in stays in the records.
func (l *Ledger) Close(ctx context.Context, org directory.OrganizationID, address string) error {
	const op = "close the invitations of an address"
	if err := checkKey(op, org, address); err != nil {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		if _, err := l.revoke(ctx, tx, addressPending, "the membership ended", org, address); err != nil {
			return err
		}
		// One that is issued at this moment is after us, and stays open.
		_, err := tx.ExecContext(ctx, `
			UPDATE invitations SET closed = 1
			WHERE organization = $1 AND address = $2 AND closed = 0 AND state <> 'Pending'`, org, address)
		return err
	})
}

// What revoke may be asked to revoke; arguments start at $1.
const (
	addressPending      = "SELECT id FROM invitations WHERE organization = $1 AND address = $2 AND state = 'Pending'"
	organizationPending = "SELECT id FROM invitations WHERE organization = $1 AND state = 'Pending' LIMIT $2"
)

// revoke ends what is pending among the selected invitations, expired or not,
// cancels what is queued for them, and returns how many were selected.
func (l *Ledger) revoke(ctx context.Context, tx database.Tx, which, why string, args ...any) (int, error) {
	ids, err := selectIDs(ctx, tx, which, args...)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		ended, err := l.end(ctx, tx, directory.InvitationRevoked, "id = $3", id)
		if directory.IsKind(err, directory.KindNotFound) {
			continue // redeemed or revoked by somebody else meanwhile
		}
		if err != nil {
			return 0, err
		}
		err = l.audit(ctx, tx, AuditEntry{
			Actor: ActorManager, Action: ActionRevoked, Organization: ended.organization, Address: ended.address,
			Invitation: ended.id, Revision: ended.revision, Note: why,
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func selectIDs(ctx context.Context, tx database.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, errors.Join(rows.Err(), rows.Close())
}
