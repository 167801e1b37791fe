package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ApplyAccess implements [directory.Backend].
func (b *Backend) ApplyAccess(ctx context.Context, org directory.OrganizationID, address string, a directory.Access) error {
	const op = "apply access"
	want := asSet(a)
	same := false
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		if err := needMember(ctx, tx, org, address); err != nil {
			return err
		}
		have, err := selectAccess(ctx, tx, org, address, address)
		same = equal(have[address], want)
		return err
	})
	if err != nil || same {
		return err
	}
	return b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		// Changing the row first keeps others who apply access to this member
		// waiting until we are done, so that access is never a mixture.
		var member string
		err := tx.QueryRowContext(ctx, `
			UPDATE members SET version = version + 1 WHERE organization = $1 AND address = $2 RETURNING id`, org, address).
			Scan(&member)
		if errors.Is(err, sql.ErrNoRows) {
			return missing("the member")
		}
		if err != nil {
			return err
		}
		have, err := selectAccess(ctx, tx, org, address, address)
		if err != nil {
			return err
		}
		return (&accessChange{org: org, member: member, have: have[address], want: want}).apply(ctx, tx)
	})
}

// accessChange takes a member from one access to another.
type accessChange struct {
	org        directory.OrganizationID
	member     string
	have, want directory.Access
}

func (c *accessChange) apply(ctx context.Context, tx database.Tx) error {
	grants, units := without(c.want.Grants, c.have.Grants), without(c.want.Units, c.have.Units)
	if err := c.check(ctx, tx, grants, units); err != nil {
		return err
	}
	for _, g := range without(c.have.Grants, c.want.Grants) {
		if _, err := tx.ExecContext(ctx, `
			DELETE FROM member_grants WHERE member = $1 AND role = $2 AND COALESCE(unit, '') = $3`,
			c.member, g.Role, g.Unit); err != nil {
			return err
		}
	}
	for _, unit := range without(c.have.Units, c.want.Units) {
		if _, err := tx.ExecContext(ctx, "DELETE FROM member_units WHERE member = $1 AND unit = $2", c.member, unit); err != nil {
			return err
		}
	}
	for _, g := range grants {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO member_grants (member, organization, role, unit) VALUES ($1, $2, $3, $4)`,
			c.member, c.org, g.Role, orNull(g.Unit)); err != nil {
			return err
		}
	}
	for _, unit := range units {
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO member_units (member, organization, unit) VALUES ($1, $2, $3)`, c.member, c.org, unit); err != nil {
			return err
		}
	}
	return nil
}

// check is KindNotFound when something that is to be given does not exist.
func (c *accessChange) check(ctx context.Context, tx database.Tx, grants []directory.Grant, units []string) error {
	var roles []string
	units = slices.Clone(units)
	for _, g := range grants {
		roles = append(roles, g.Role)
		if g.Unit != "" {
			units = append(units, g.Unit)
		}
	}
	if err := c.checkNames(ctx, tx, "role", "SELECT name FROM roles WHERE organization = $1 AND name IN (", roles); err != nil {
		return err
	}
	return c.checkNames(ctx, tx, "unit", "SELECT name FROM units WHERE organization = $1 AND name IN (", units)
}

func (c *accessChange) checkNames(ctx context.Context, tx database.Tx, what, query string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	names = slices.Compact(names)
	args := []any{c.org}
	for _, name := range names {
		args = append(args, name)
	}
	rows, err := tx.QueryContext(ctx, query+placeholders(2, len(names))+")", args...)
	found, err := collect(rows, err, scanText)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(found, name) {
			return missing("%s %q", what, name)
		}
	}
	return nil
}

func scanText(rows *sql.Rows) (string, error) {
	var s string
	err := rows.Scan(&s)
	return s, err
}

// needMember is KindNotFound when there is no such member.
func needMember(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) error {
	ok, err := exists(ctx, tx, "SELECT COUNT(*) FROM members WHERE organization = $1 AND address = $2", org, address)
	if err == nil && !ok {
		return missing("the member")
	}
	return err
}

// observed adds a member's access.
func observed(ctx context.Context, tx database.Tx, r *row) (*directory.ObservedMember, error) {
	access, err := selectAccess(ctx, tx, r.Organization, r.Address, r.Address)
	if err != nil {
		return nil, err
	}
	o := r.ObservedMember
	o.Access = access[o.Address]
	return &o, nil
}

// selectAccess returns the access of the members whose addresses lie between
// two, both included, by address. Each is a sorted set.
func selectAccess(ctx context.Context, tx database.Tx, org directory.OrganizationID, first, last string) (map[string]directory.Access, error) {
	type given struct {
		address string
		grant   directory.Grant
	}
	scan := func(rows *sql.Rows) (given, error) {
		var g given
		err := rows.Scan(&g.address, &g.grant.Role, &g.grant.Unit)
		return g, err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT m.address, a.role, COALESCE(a.unit, '') FROM members m JOIN member_grants a ON a.member = m.id
		WHERE m.organization = $1 AND m.address >= $2 AND m.address <= $3`, org, first, last)
	grants, err := collect(rows, err, scan)
	if err != nil {
		return nil, err
	}
	rows, err = tx.QueryContext(ctx, `
		SELECT m.address, '', a.unit FROM members m JOIN member_units a ON a.member = m.id
		WHERE m.organization = $1 AND m.address >= $2 AND m.address <= $3`, org, first, last)
	units, err := collect(rows, err, scan)
	if err != nil {
		return nil, err
	}
	all := map[string]directory.Access{}
	for _, g := range grants {
		a := all[g.address]
		a.Grants = append(a.Grants, g.grant)
		all[g.address] = a
	}
	for _, u := range units {
		a := all[u.address]
		a.Units = append(a.Units, u.grant.Unit)
		all[u.address] = a
	}
	for address, a := range all {
		all[address] = asSet(a)
	}
	return all, nil
}

// asSet returns a sorted copy without repetitions.
func asSet(a directory.Access) directory.Access {
	grants, units := slices.Clone(a.Grants), slices.Clone(a.Units)
	slices.SortFunc(grants, func(a, b directory.Grant) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Unit, b.Unit))
	})
	slices.Sort(units)
	return directory.Access{Grants: slices.Compact(grants), Units: slices.Compact(units)}
}

func equal(a, b directory.Access) bool {
	return slices.Equal(a.Grants, b.Grants) && slices.Equal(a.Units, b.Units)
}

// without returns what is in a and not in b.
func without[T comparable](a, b []T) []T {
	return slices.DeleteFunc(slices.Clone(a), func(x T) bool { return slices.Contains(b, x) })
}
