package embedded

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyUnit implements [directory.Backend].
func (b *Backend) ApplyUnit(ctx context.Context, u directory.Unit) error {
	const op = "apply a unit"
	if err := firstOf(storableKey("the unit's name", u.Name), storable("the unit", u.DisplayName, u.Parent)); err != nil {
		return inOp(op, err)
	}
	same := false
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found, err := selectUnit(ctx, tx, u.Organization, u.Name)
		same = found != nil && *found == u
		return err
	})
	if err != nil || same {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		if err := needOrganization(ctx, tx, u.Organization); err != nil {
			return err
		}
		if u.Parent != "" {
			if found, err := selectUnit(ctx, tx, u.Organization, u.Parent); err != nil {
				return err
			} else if found == nil {
				return missing("parent unit %q", u.Parent)
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO units (organization, name, display_name, parent) VALUES ($1, $2, $3, $4)
			ON CONFLICT (organization, name) DO UPDATE SET display_name = $3, parent = $4`,
			u.Organization, u.Name, u.DisplayName, orNull(u.Parent))
		return err
	})
}

// RemoveUnit implements [directory.Backend]. Foreign keys take grants and
// memberships along.
func (b *Backend) RemoveUnit(ctx context.Context, org directory.OrganizationID, name string) error {
	const op = "remove a unit"
	there, err := b.there(ctx, op, "SELECT COUNT(*) FROM units WHERE organization = $1 AND name = $2", org, name)
	if err != nil || !there {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		return executeAll(ctx, tx, []string{
			"UPDATE units SET parent = NULL WHERE organization = $1 AND parent = $2",
			"DELETE FROM units WHERE organization = $1 AND name = $2",
		}, org, name)
	})
}

// selectUnit returns nil when there is none.
func selectUnit(ctx context.Context, tx database.Tx, org directory.OrganizationID, name string) (*directory.Unit, error) {
	u := directory.Unit{Organization: org, Name: name}
	err := tx.QueryRowContext(ctx,
		"SELECT display_name, COALESCE(parent, '') FROM units WHERE organization = $1 AND name = $2", org, name).
		Scan(&u.DisplayName, &u.Parent)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

// orNull stores "" as NULL, which foreign keys do not look at.
func orNull(name string) sql.NullString { return sql.NullString{String: name, Valid: name != ""} }
