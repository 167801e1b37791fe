package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// selectAccount returns what a member sees of the own membership.
func selectAccount(ctx context.Context, tx database.Tx, member string) (directory.Account, error) {
	var a directory.Account
	var confirmed, declared string
	err := tx.QueryRowContext(ctx, `
		SELECT o.id, o.display_name, m.address, m.confirmed_name, m.display_name
		FROM members m JOIN organizations o ON o.id = m.organization WHERE m.id = $1`, member).
		Scan(&a.Organization, &a.OrganizationName, &a.Address, &confirmed, &declared)
	if err != nil {
		return directory.Account{}, err
	}
	a.Name = cmp.Or(confirmed, declared)
	if a.Roles, err = selectNames(ctx, tx, `
		SELECT r.name, r.display_name FROM member_grants g
		JOIN roles r ON r.organization = g.organization AND r.name = g.role WHERE g.member = $1`, member); err != nil {
		return directory.Account{}, err
	}
	a.Units, err = selectNames(ctx, tx, `
		SELECT u.name, u.display_name FROM member_units g
		JOIN units u ON u.organization = g.organization AND u.name = g.unit WHERE g.member = $1`, member)
	return a, err
}

// selectNames returns display names, or names where there are none, each once,
// sorted.
func selectNames(ctx context.Context, tx database.Tx, query, member string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, member)
	names, err := collect(rows, err, func(rows *sql.Rows) (string, error) {
		var name, display string
		err := rows.Scan(&name, &display)
		return cmp.Or(display, name), err
	})
	slices.Sort(names)
	return slices.Compact(names), err
}
