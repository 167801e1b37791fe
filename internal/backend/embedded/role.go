package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyRole implements [directory.Backend].
func (b *Backend) ApplyRole(ctx context.Context, r directory.Role) error {
	const op = "apply a role"
	if err := firstOf(
		storableKey("the role's name", r.Name),
		storable("the role", append([]string{r.DisplayName, string(r.Level)}, r.Permissions...)...),
	); err != nil {
		return inOp(op, err)
	}
	same := false
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found, err := selectRole(ctx, tx, r.Organization, r.Name)
		same = found != nil && found.DisplayName == r.DisplayName && found.Level == r.Level && slices.Equal(found.Permissions, r.Permissions)
		return err
	})
	if err != nil || same {
		return err
	}
	permissions, err := json.Marshal(r.Permissions)
	if err != nil {
		return inOp(op, err)
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		if err := needOrganization(ctx, tx, r.Organization); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO roles (organization, name, display_name, level, permissions) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (organization, name) DO UPDATE SET display_name = $3, level = $4, permissions = $5`,
			r.Organization, r.Name, r.DisplayName, r.Level, string(permissions))
		return err
	})
}

// RemoveRole implements [directory.Backend]. A foreign key takes grants along.
func (b *Backend) RemoveRole(ctx context.Context, org directory.OrganizationID, name string) error {
	const op = "remove a role"
	there, err := b.there(ctx, op, "SELECT COUNT(*) FROM roles WHERE organization = $1 AND name = $2", org, name)
	if err != nil || !there {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM roles WHERE organization = $1 AND name = $2", org, name)
		return err
	})
}

// selectRole returns nil when there is none.
func selectRole(ctx context.Context, tx database.Tx, org directory.OrganizationID, name string) (*directory.Role, error) {
	r := directory.Role{Organization: org, Name: name}
	var permissions string
	err := tx.QueryRowContext(ctx,
		"SELECT display_name, level, permissions FROM roles WHERE organization = $1 AND name = $2", org, name).
		Scan(&r.DisplayName, &r.Level, &permissions)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(permissions), &r.Permissions); err != nil {
		return nil, fmt.Errorf("read the permissions of role %q: %w", name, err)
	}
	return &r, nil
}
