package ledger

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxInvitations bounds one answer of Invitations.
const maxInvitations = 1000

// Invitations returns for each address of an organization the newest invitation
// that was not closed, as [Ledger.Invitation] does for one: by address, after the
// given one ("" begins), up to limit of them and at most 1000. Fewer than asked
// for means the end.
func (l *Ledger) Invitations(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Invitation, error) {
	var found []directory.Invitation
	err := l.read(ctx, "list invitations", func(ctx context.Context, tx database.Tx) error {
		records, err := selectMany(ctx, tx, newestOfAll, org, after, atMost(limit, maxInvitations))
		if err != nil {
			return err
		}
		now := l.now()
		found = make([]directory.Invitation, 0, len(records))
		for i := range records {
			one, err := records[i].invitation(now)
			if err != nil {
				return err
			}
			found = append(found, one)
		}
		return nil
	})
	return found, err
}

// newestOfAll is [newestOpen] for every address after one.
const newestOfAll = `
WHERE i.organization = $1 AND i.address > $2 AND i.closed = 0 AND NOT EXISTS (
	SELECT 1 FROM invitations n
	WHERE n.organization = i.organization AND n.address = i.address AND n.revision > i.revision AND n.closed = 0)
ORDER BY i.address LIMIT $3`

// Joining returns the addresses of those who confirmed that they join by a
// shareable link, and whose declaration may still be on its way. There are few
// at a time.
func (l *Ledger) Joining(ctx context.Context, org directory.OrganizationID) ([]string, error) {
	var addresses []string
	err := l.read(ctx, "list who is about to join", func(ctx context.Context, tx database.Tx) error {
		var err error
		addresses, err = selectIDs(ctx, tx, joiningOfAll, org)
		return err
	})
	return addresses, err
}

const joiningOfAll = "SELECT address FROM joins WHERE organization = $1 AND state IN ('Confirmed', 'AwaitingApproval')"

// AuditBefore is [Ledger.Audit] of a whole organization, continued: entries older
// than the one with the id, newest first; "" begins with the newest. Fewer than
// asked for, at most 1000, means the end.
func (l *Ledger) AuditBefore(ctx context.Context, org directory.OrganizationID, id string, limit int) ([]AuditEntry, error) {
	if id == "" {
		return l.Audit(ctx, org, "", limit)
	}
	return l.auditEntries(ctx, selectAudit+auditBefore, org, id, atMost(limit, maxAuditEntries))
}

const auditBefore = "WHERE organization = $1 AND id < $2 ORDER BY id DESC LIMIT $3"

func (l *Ledger) auditEntries(ctx context.Context, query string, args ...any) ([]AuditEntry, error) {
	var entries []AuditEntry
	err := l.read(ctx, "read the audit trail", func(ctx context.Context, tx database.Tx) error {
		entries = nil
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var e AuditEntry
			var at int64
			if err := rows.Scan(&e.ID, &at, &e.Actor, &e.Action, &e.Organization, &e.Address,
				&e.Invitation, &e.Revision, &e.Note); err != nil {
				return err
			}
			e.At = database.FromMicros(at)
			entries = append(entries, e)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return entries, err
}
