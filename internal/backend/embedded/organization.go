package embedded

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Organization returns the organization as it was last applied. KindNotFound
// when there is none.
func (b *Backend) Organization(ctx context.Context, id directory.OrganizationID) (directory.Organization, error) {
	const op = "look up an organization"
	if storableKey("the organization's id", string(id)) != nil {
		return directory.Organization{}, inOp(op, missing("organization %q", id))
	}
	var o *directory.Organization
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		o, err = selectOrganization(ctx, tx, id)
		return err
	})
	if err == nil && o == nil {
		err = inOp(op, missing("organization %q", id))
	}
	if err != nil {
		return directory.Organization{}, err
	}
	return *o, nil
}

// ApplyOrganization implements [directory.Backend].
func (b *Backend) ApplyOrganization(ctx context.Context, o directory.Organization) error {
	const op = "apply an organization"
	if err := firstOf(
		storableKey("the organization's id", string(o.ID)),
		storable("the organization", o.DisplayName, o.Mail.From, o.Mail.ReplyTo, o.Mail.Server, string(o.UnknownDelivery)),
	); err != nil {
		return inOp(op, err)
	}
	var found *directory.Organization
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		found, err = selectOrganization(ctx, tx, o.ID)
		return err
	})
	if err != nil || found != nil && *found == o {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO organizations (id, display_name, mail_from, mail_reply_to, mail_server, unknown_delivery)
			VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET display_name = $2, mail_from = $3, mail_reply_to = $4, mail_server = $5, unknown_delivery = $6`,
			o.ID, o.DisplayName, o.Mail.From, o.Mail.ReplyTo, o.Mail.Server, o.UnknownDelivery)
		return err
	})
}

// RemoveOrganization implements [directory.Backend]. Foreign keys take all that
// is in it along.
func (b *Backend) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	const op = "remove an organization"
	if there, err := b.there(ctx, op, "SELECT COUNT(*) FROM organizations WHERE id = $1", id); err != nil || !there {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM organizations WHERE id = $1", id)
		return err
	})
}

// there asks, before anything is written, whether there is something to remove.
func (b *Backend) there(ctx context.Context, op, query string, args ...any) (bool, error) {
	found := false
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		found, err = exists(ctx, tx, query, args...)
		return err
	})
	return found, err
}

// selectOrganization returns nil when there is none.
func selectOrganization(ctx context.Context, tx database.Tx, id directory.OrganizationID) (*directory.Organization, error) {
	o := directory.Organization{ID: id}
	err := tx.QueryRowContext(ctx, `
		SELECT display_name, mail_from, mail_reply_to, mail_server, unknown_delivery FROM organizations WHERE id = $1`, id).
		Scan(&o.DisplayName, &o.Mail.From, &o.Mail.ReplyTo, &o.Mail.Server, &o.UnknownDelivery)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &o, nil
}
