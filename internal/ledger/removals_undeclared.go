package ledger

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ReserveUndeclared implements [directory.RemovalRailKeeper].
func (l *Ledger) ReserveUndeclared(
	ctx context.Context, org directory.OrganizationID, members []directory.Departure, limit directory.RemovalLimit,
) ([]directory.Departure, error) {
	const op = "reserve the removal of undeclared members"
	for _, m := range members {
		if err := checkDeparture(op, m); err != nil {
			return nil, err
		}
		if m.Organization != org {
			return nil, directory.Errorf(directory.KindInvalid, op, "a member of another organization is among them")
		}
	}
	var may []directory.Departure
	settled := false
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		known, err := knownRemovals(ctx, tx, org)
		if err != nil {
			return err
		}
		may, settled = known.unchanged(members)
		return nil
	})
	if err != nil || settled {
		return may, err
	}
	err = l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		may, err = l.reserveUndeclared(ctx, tx, org, members, limit)
		return err
	})
	return may, err
}

// removalStates are the removals of one organization.
type removalStates map[directory.Departure]removalState

func knownRemovals(ctx context.Context, tx database.Tx, org directory.OrganizationID) (removalStates, error) {
	known := removalStates{}
	for _, query := range []string{selectWaiting, selectGranted} {
		rows, err := selectRemovals(ctx, tx, query, org)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			known[r.Departure] = r.state
		}
	}
	return known, nil
}

// unchanged returns those of the members that may go, and reports whether every
// other one is known to wait, and nobody else is. Room that came since is for
// whoever decides on the wave.
func (k removalStates) unchanged(members []directory.Departure) ([]directory.Departure, bool) {
	var may []directory.Departure
	waiting := 0
	for _, m := range members {
		switch {
		case (removalRow{state: k[m]}).granted():
			may = append(may, m)
		case k[m] == removalWaiting:
			waiting++
		default:
			return nil, false
		}
	}
	for _, state := range k {
		if state == removalWaiting {
			waiting--
		}
	}
	return may, waiting == 0
}

func (l *Ledger) reserveUndeclared(
	ctx context.Context, tx database.Tx, org directory.OrganizationID, members []directory.Departure, limit directory.RemovalLimit,
) ([]directory.Departure, error) {
	rail, err := l.lockRemovals(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM removals WHERE organization = $1 AND state = 'Waiting'", org); err != nil {
		return nil, err
	}
	known, err := knownRemovals(ctx, tx, org)
	if err != nil {
		return nil, err
	}
	count, _, err := countRemovals(ctx, tx, org, l.now().Add(-limit.Window))
	if err != nil {
		return nil, err
	}
	var may []directory.Departure
	for _, m := range members {
		switch {
		case (removalRow{state: known[m]}).granted():
			may = append(may, m)
			continue
		case !rail.Held && count < limit.Floor:
			may = append(may, m)
			count++
			err = l.allow(ctx, tx, m, removalCounted, "within the limits; no User declares the person")
		default:
			err = l.putRemoval(ctx, tx, m, removalWaiting)
		}
		if err != nil {
			return nil, err
		}
	}
	return may, nil
}
