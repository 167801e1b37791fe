package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxHoldings bounds one answer of Holdings.
const maxHoldings = 1000

const (
	// ActionAdopted took over a member who was there before.
	ActionAdopted Action = "Adopted"
	// ActionHandedOver gave an address to another declaration.
	ActionHandedOver Action = "HandedOver"
	// ActionReleased ended a holding: no declaration manages the address any more.
	ActionReleased Action = "Released"
)

var _ directory.Holdings = (*Ledger)(nil)

// Hold implements [directory.Holdings]. What is there already is only read. That
// a member was adopted, that another declaration took over, and every change of
// standing and suspension is in the audit trail. KindInvalid means that it can
// never be stored.
func (l *Ledger) Hold(ctx context.Context, h directory.Holding, from string) error {
	const op = "hold an address"
	if err := checkHolding(op, h); err != nil {
		return err
	}
	known, err := l.holding(ctx, op, h.Organization, h.Address)
	if err != nil || (known != nil && sameHolding(*known, h)) {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		// Once more: somebody else may have written since.
		known, err := selectHolding(ctx, tx, h.Organization, h.Address)
		switch {
		case err != nil:
			return err
		case known == nil:
			return l.insertHolding(ctx, tx, h)
		case sameHolding(*known, h):
			return nil
		case known.Holder != h.Holder && known.Holder != from:
			return directory.Errorf(directory.KindConflict, op, "somebody else holds the address")
		}
		return l.updateHolding(ctx, tx, *known, h)
	})
}

func checkHolding(op string, h directory.Holding) error {
	if err := checkKey(op, h.Organization, h.Address); err != nil {
		return err
	}
	if h.Origin != directory.HoldingCreated && h.Origin != directory.HoldingAdopted {
		return directory.Errorf(directory.KindInvalid, op, "the origin is %q: it is %s or %s",
			h.Origin, directory.HoldingCreated, directory.HoldingAdopted)
	}
	if accessAction(h.Standing) == "" {
		return directory.Errorf(directory.KindInvalid, op, "the standing is %q: it is empty, %s or %s",
			h.Standing, directory.HoldingDisabled, directory.HoldingEnded)
	}
	for _, text := range []string{h.Holder, h.Applied} {
		if text != "" && !plain(text, maxName) {
			return directory.Errorf(directory.KindInvalid, op, "the holder or the fingerprint is too long or not plain text")
		}
	}
	return nil
}

// sameHolding compares what Hold may change.
func sameHolding(a, b directory.Holding) bool {
	return a.Holder == b.Holder && a.Applied == b.Applied && a.Standing == b.Standing && a.Suspended == b.Suspended
}

// insertHolding makes the holding; errRaced when somebody else was faster.
func (l *Ledger) insertHolding(ctx context.Context, tx database.Tx, h directory.Holding) error {
	err := expectOne(tx.ExecContext(ctx, `
		INSERT INTO holdings (organization, address, holder, origin, applied, since, standing, suspended)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (organization, address) DO NOTHING`,
		h.Organization, h.Address, h.Holder, h.Origin, h.Applied, database.Micros(l.now()), h.Standing, flag(h.Suspended)))
	if err == nil && h.Origin == directory.HoldingAdopted {
		err = l.audit(ctx, tx, holdingEntry(h, ActionAdopted, "for "+nameOf(h.Holder)))
	}
	if err != nil {
		return err
	}
	return l.auditStanding(ctx, tx, directory.Holding{}, h)
}

func (l *Ledger) updateHolding(ctx context.Context, tx database.Tx, known, h directory.Holding) error {
	err := expectOne(tx.ExecContext(ctx, `
		UPDATE holdings SET holder = $3, applied = $4, standing = $5, suspended = $6
		WHERE organization = $1 AND address = $2 AND holder = $7 AND applied = $8 AND standing = $9 AND suspended = $10`,
		h.Organization, h.Address, h.Holder, h.Applied, h.Standing, flag(h.Suspended),
		known.Holder, known.Applied, known.Standing, flag(known.Suspended)))
	if _, leaving := directory.IsLeaving(h.Holder); err == nil && known.Holder != h.Holder && !leaving {
		err = l.audit(ctx, tx, holdingEntry(h, ActionHandedOver, "from "+nameOf(known.Holder)+" to "+nameOf(h.Holder)))
	}
	if err != nil {
		return err
	}
	return l.auditStanding(ctx, tx, known, h)
}

func nameOf(holder string) string {
	name, _ := directory.IsLeaving(holder)
	if name == "" {
		return "the Organization"
	}
	return "User " + name
}

func holdingEntry(h directory.Holding, action Action, note string) AuditEntry {
	return AuditEntry{Actor: ActorManager, Action: action, Organization: h.Organization, Address: h.Address, Note: note}
}

// Holding implements [directory.Holdings].
func (l *Ledger) Holding(ctx context.Context, org directory.OrganizationID, address string) (directory.Holding, error) {
	const op = "look up who holds an address"
	known, err := l.holding(ctx, op, org, address)
	if err == nil && known == nil {
		err = &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	if err != nil {
		return directory.Holding{}, err
	}
	return *known, nil
}

// holding returns nil when nobody holds the address.
func (l *Ledger) holding(ctx context.Context, op string, org directory.OrganizationID, address string) (*directory.Holding, error) {
	var known *directory.Holding
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		known, err = selectHolding(ctx, tx, org, address)
		return err
	})
	return known, err
}

// HeldBy implements [directory.Holdings].
func (l *Ledger) HeldBy(ctx context.Context, org directory.OrganizationID, holder string) ([]directory.Holding, error) {
	held, err := l.holdings(ctx, "list what a declaration holds", holdingsOfHolder, org, holder)
	slices.SortFunc(held, func(a, b directory.Holding) int { return strings.Compare(a.Address, b.Address) })
	return held, err
}

// Holdings implements [directory.Holdings].
func (l *Ledger) Holdings(ctx context.Context, org directory.OrganizationID, after string, limit int) ([]directory.Holding, error) {
	return l.holdings(ctx, "list who holds which address", holdingsAfter, org, after, atMost(limit, maxHoldings))
}

// Release implements [directory.Holdings]. That a holding ended is in the audit trail.
func (l *Ledger) Release(ctx context.Context, org directory.OrganizationID, address, holder string) error {
	const op = "release an address"
	known, err := l.holding(ctx, op, org, address)
	if err != nil || known == nil || known.Holder != holder {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		known, err := selectHolding(ctx, tx, org, address)
		if err != nil || known == nil || known.Holder != holder {
			return err
		}
		return l.deleteHolding(ctx, tx, *known)
	})
}

func (l *Ledger) deleteHolding(ctx context.Context, tx database.Tx, h directory.Holding) error {
	err := expectOne(tx.ExecContext(ctx, "DELETE FROM holdings WHERE organization = $1 AND address = $2 AND holder = $3",
		h.Organization, h.Address, h.Holder))
	if err != nil {
		return err
	}
	return l.audit(ctx, tx, holdingEntry(h, ActionReleased, "by "+nameOf(h.Holder)))
}

// ReleaseAll forgets all holdings of an organization: for one that is removed
// with everybody in it. That is one entry in the audit trail, of the removal.
func (l *Ledger) ReleaseAll(ctx context.Context, org directory.OrganizationID) error {
	const op = "release all addresses of an organization"
	held, err := l.Holdings(ctx, org, "", 1)
	if err != nil || len(held) == 0 {
		return inOp(op, err)
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM holdings WHERE organization = $1", org)
		return err
	})
}

const (
	selectHoldings   = "SELECT organization, address, holder, origin, applied, since, standing, suspended FROM holdings "
	holdingOfAddress = selectHoldings + "WHERE organization = $1 AND address = $2"
	holdingsOfHolder = selectHoldings + "WHERE organization = $1 AND holder = $2"
	holdingsAfter    = selectHoldings + "WHERE organization = $1 AND address > $2 ORDER BY address LIMIT $3"
)

func (l *Ledger) holdings(ctx context.Context, op, query string, args ...any) ([]directory.Holding, error) {
	var found []directory.Holding
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		found = nil
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			h, err := scanHolding(rows)
			if err != nil {
				return err
			}
			found = append(found, h)
		}
		return errors.Join(rows.Err(), rows.Close())
	})
	return found, err
}

// selectHolding returns nil when nobody holds the address.
func selectHolding(ctx context.Context, tx database.Tx, org directory.OrganizationID, address string) (*directory.Holding, error) {
	h, err := scanHolding(tx.QueryRowContext(ctx, holdingOfAddress, org, address))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &h, nil
}

func scanHolding(row interface{ Scan(into ...any) error }) (directory.Holding, error) {
	var h directory.Holding
	var since, suspended int64
	err := row.Scan(&h.Organization, &h.Address, &h.Holder, &h.Origin, &h.Applied, &since, &h.Standing, &suspended)
	h.Since, h.Suspended = database.FromMicros(since), suspended != 0
	return h, err
}
