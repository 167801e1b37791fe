package ledger

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// SuspendOrganization records that nothing is done in the organization until it
// is resumed, or applied again. It keeps nobody from anything. One that is not
// known, or suspended already, is only read.
func (l *Ledger) SuspendOrganization(ctx context.Context, id directory.OrganizationID) error {
	return l.suspend(ctx, "record that the organization is suspended", id, true)
}

// ResumeOrganization records that an organization is suspended no longer. One
// that is not known, or was not suspended, is only read.
func (l *Ledger) ResumeOrganization(ctx context.Context, id directory.OrganizationID) error {
	return l.suspend(ctx, "record that the organization is resumed", id, false)
}

func (l *Ledger) suspend(ctx context.Context, op string, id directory.OrganizationID, suspended bool) error {
	var known *knownOrganization
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		known, err = organization(ctx, tx, id)
		return err
	})
	if err != nil || known == nil || known.suspended == suspended {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		return l.setSuspended(ctx, tx, id, suspended)
	})
}

// setSuspended changes it, and tells of it when nobody else was faster.
func (l *Ledger) setSuspended(ctx context.Context, tx database.Tx, id directory.OrganizationID, suspended bool) error {
	result, err := tx.ExecContext(ctx, "UPDATE ledger_organizations SET suspended = $2 WHERE id = $1 AND suspended <> $2",
		id, flag(suspended))
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return l.audit(ctx, tx, AuditEntry{Actor: ActorManager, Action: suspensionAction(suspended), Organization: id})
}
