package embedded

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// cursorPrefix tells our cursors from other text, and carries their version.
const cursorPrefix = "1."

// ListMembers implements [directory.Backend]. Pages are in the order of
// addresses, each begins after the last address of the one before, so what
// changes meanwhile shifts nobody. Listings are always complete.
func (b *Backend) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	const op = "list members"
	after, err := parseCursor(cursor)
	if err != nil {
		return directory.MemberPage{}, inOp(op, err)
	}
	var page directory.MemberPage
	err = b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		if err := needOrganization(ctx, tx, org); err != nil {
			return err
		}
		// One more than fits tells whether there is another page.
		rows, err := selectRows(ctx, tx, "WHERE organization = $1 AND address > $2 ORDER BY address LIMIT $3", org, after, b.pageSize+1)
		if err != nil {
			return err
		}
		page = directory.MemberPage{Complete: true}
		if len(rows) > b.pageSize {
			rows = rows[:b.pageSize]
			page = directory.MemberPage{Next: makeCursor(rows[len(rows)-1].Address)}
		}
		page.Members, err = withAccess(ctx, tx, org, rows)
		return err
	})
	if err != nil {
		return directory.MemberPage{}, err
	}
	return page, nil
}

func withAccess(ctx context.Context, tx database.Tx, org directory.OrganizationID, rows []row) ([]directory.ObservedMember, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	access, err := selectAccess(ctx, tx, org, rows[0].Address, rows[len(rows)-1].Address)
	if err != nil {
		return nil, err
	}
	members := make([]directory.ObservedMember, len(rows))
	for i, r := range rows {
		members[i] = r.ObservedMember
		members[i].Access = access[r.Address]
	}
	return members, nil
}

func makeCursor(address string) string {
	return cursorPrefix + base64.RawURLEncoding.EncodeToString([]byte(address))
}

func parseCursor(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	encoded, ours := strings.CutPrefix(cursor, cursorPrefix)
	address, err := base64.RawURLEncoding.DecodeString(encoded)
	if !ours || err != nil || storableKey("the cursor", string(address)) != nil {
		return "", directory.Errorf(directory.KindInvalid, "", "the cursor is not one of ours")
	}
	return string(address), nil
}
