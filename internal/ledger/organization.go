package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// removalChunk bounds a transaction of RemoveOrganization.
const removalChunk = 500

// ApplyOrganization makes known as whom the organization writes, what it wants
// done about a mail that nobody knows the fate of, and where its people sign in.
// Invite needs that. An
// organization that was suspended is so no longer. Applying what is there already
// writes nothing. KindInvalid means that a value can never be stored.
func (l *Ledger) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	const op = "record the organization"
	if o.UnknownDelivery == "" {
		o.UnknownDelivery = directory.UnknownResendOnce
	}
	if err := checkOrganization(op, o); err != nil {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		known, err := organization(ctx, tx, o.ID)
		if err == nil && known != nil && known.suspended {
			err = l.setSuspended(ctx, tx, o.ID, false)
		}
		if err != nil || (known != nil && known.Organization == o) {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO ledger_organizations (id, display_name, mail_from, mail_reply_to, mail_server, unknown_delivery, sign_in_url)
			VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (id) DO UPDATE SET display_name = excluded.display_name, mail_from = excluded.mail_from,
				mail_reply_to = excluded.mail_reply_to, mail_server = excluded.mail_server,
				unknown_delivery = excluded.unknown_delivery, sign_in_url = excluded.sign_in_url`,
			o.ID, o.DisplayName, o.Mail.From, o.Mail.ReplyTo, o.Mail.Server, o.UnknownDelivery, o.SignInURL)
		if err != nil {
			return err
		}
		return l.audit(ctx, tx, AuditEntry{Actor: ActorManager, Action: ActionOrganizationApplied, Organization: o.ID})
	})
}

func checkOrganization(op string, o directory.Organization) error {
	if o.UnknownDelivery != directory.UnknownResendOnce && o.UnknownDelivery != directory.UnknownHold {
		return directory.Errorf(directory.KindInvalid, op, "the policy for unknown deliveries is %q: it is %s or %s",
			o.UnknownDelivery, directory.UnknownResendOnce, directory.UnknownHold)
	}
	if !plain(string(o.ID), maxName) {
		return directory.Errorf(directory.KindInvalid, op, "the organization's id is empty, too long or not plain text")
	}
	for _, text := range []string{o.DisplayName, o.Mail.From, o.Mail.ReplyTo, o.Mail.Server} {
		if text != "" && !plain(text, maxName) {
			return directory.Errorf(directory.KindInvalid, op, "the organization's name or mail identity is too long or not plain text")
		}
	}
	return checkSignIn(op, o.SignInURL)
}

// knownOrganization is an organization with what of it is not applied.
type knownOrganization struct {
	directory.Organization
	suspended bool
}

// organization returns nil when it is not known.
func organization(ctx context.Context, tx database.Tx, id directory.OrganizationID) (*knownOrganization, error) {
	var o knownOrganization
	var suspended int64
	err := tx.QueryRowContext(ctx, `
		SELECT id, display_name, mail_from, mail_reply_to, mail_server, unknown_delivery, sign_in_url, suspended
		FROM ledger_organizations WHERE id = $1`, id).
		Scan(&o.ID, &o.DisplayName, &o.Mail.From, &o.Mail.ReplyTo, &o.Mail.Server, &o.UnknownDelivery, &o.SignInURL, &suspended)
	o.suspended = suspended != 0
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// RemoveOrganization closes every invitation of the organization, cancels what
// is queued, and forgets its mail identity and everybody's admission. What happened stays in the records.
// Removing one that is not there succeeds.
func (l *Ledger) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	const op = "remove the organization from the ledger"
	// Before the organization, and in portions; whom somebody lets in meanwhile goes
	// with it.
	if err := l.dismissAll(ctx, op, id); err != nil {
		return err
	}
	for {
		found := 0
		err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
			var err error
			if found, err = l.revoke(ctx, tx, organizationPending, "the organization was removed", id, removalChunk); err != nil {
				return err
			}
			if found == removalChunk {
				return nil
			}
			return l.forget(ctx, tx, id)
		})
		if err != nil || found < removalChunk {
			return err
		}
	}
}

// forget is the last step of removing an organization.
func (l *Ledger) forget(ctx context.Context, tx database.Tx, id directory.OrganizationID) error {
	_, err := tx.ExecContext(ctx,
		"UPDATE invitations SET closed = 1 WHERE organization = $1 AND closed = 0 AND state <> 'Pending'", id)
	if err != nil {
		return err
	}
	if err := forgetLinks(ctx, tx, id); err != nil {
		return err
	}
	if err := forgetRails(ctx, tx, id); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM admissions WHERE organization = $1", id); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, "DELETE FROM ledger_organizations WHERE id = $1", id)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return l.audit(ctx, tx, AuditEntry{Actor: ActorManager, Action: ActionOrganizationRemoved, Organization: id})
}
