package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Removals implements [directory.RemovalRailKeeper].
func (l *Ledger) Removals(ctx context.Context, org directory.OrganizationID, window time.Duration) (directory.RemovalStanding, error) {
	var standing directory.RemovalStanding
	err := l.read(ctx, "look at the removals", func(ctx context.Context, tx database.Tx) error {
		rail, err := removalRail(ctx, tx, org)
		if err != nil {
			return err
		}
		if rail.Done, _, err = countRemovals(ctx, tx, org, l.now().Add(-window)); err != nil {
			return err
		}
		waiting, err := selectRemovals(ctx, tx, selectWaiting, org)
		for _, w := range waiting {
			rail.Undeclared = append(rail.Undeclared, w.Departure)
		}
		standing = rail
		return err
	})
	return standing, err
}

// ReservedRemovals implements [directory.RemovalRailKeeper].
func (l *Ledger) ReservedRemovals(ctx context.Context, org directory.OrganizationID) ([]directory.Departure, error) {
	var reserved []directory.Departure
	err := l.read(ctx, "list the removals", func(ctx context.Context, tx database.Tx) error {
		reserved = nil
		rows, err := selectRemovals(ctx, tx, selectGranted, org)
		for _, r := range rows {
			reserved = append(reserved, r.Departure)
		}
		return err
	})
	return reserved, err
}

const (
	selectWaiting = `SELECT organization, address, subject, state FROM removals
		WHERE organization = $1 AND state = 'Waiting'`
	selectGranted = `SELECT organization, address, subject, state FROM removals
		WHERE organization = $1 AND state IN ('Counted', 'Approved')`
)

func selectRemovals(ctx context.Context, tx database.Tx, query string, org directory.OrganizationID) ([]removalRow, error) {
	rows, err := tx.QueryContext(ctx, query, org)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var removals []removalRow
	for rows.Next() {
		var r removalRow
		if err := rows.Scan(&r.Organization, &r.Address, &r.Subject, &r.state); err != nil {
			return nil, err
		}
		removals = append(removals, r)
	}
	return removals, errors.Join(rows.Err(), rows.Close())
}

// GrantRemovals implements [directory.RemovalRailKeeper]. It is one transaction:
// a wave that was approved in part would not be the wave that somebody saw.
func (l *Ledger) GrantRemovals(ctx context.Context, org directory.OrganizationID, these []directory.Departure, approval string) error {
	const op = "let removals pass"
	as, why := removalCounted, "within the limits"
	if approval != "" {
		as, why = removalApproved, "wave "+approval+" was approved"
	}
	for _, d := range these {
		if err := checkDeparture(op, d); err != nil {
			return err
		}
		if d.Organization != org {
			return directory.Errorf(directory.KindInvalid, op, "a removal of another organization is among them")
		}
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		rail, err := l.lockRemovals(ctx, tx, org)
		if err != nil {
			return err
		}
		fresh, err := l.allowAll(ctx, tx, these, as, why)
		if err != nil || (fresh == 0 && !rail.Held) {
			return err
		}
		if err := l.setHeld(ctx, tx, org, directory.RemovalStanding{}); err != nil {
			return err
		}
		l.appendChange(tx, org, "")
		if approval == "" {
			return nil
		}
		return l.audit(ctx, tx, AuditEntry{
			Actor: ActorManager, Action: ActionRemovalsApproved, Organization: org,
			Note: fmt.Sprintf("wave %s: %d people", approval, len(these)),
		})
	})
}

// allowAll returns how many of them had not been granted before.
func (l *Ledger) allowAll(ctx context.Context, tx database.Tx, these []directory.Departure, as removalState, why string) (int, error) {
	if len(these) == 0 {
		return 0, nil
	}
	known, err := knownRemovals(ctx, tx, these[0].Organization)
	if err != nil {
		return 0, err
	}
	fresh := 0
	for _, d := range these {
		if (removalRow{state: known[d]}).granted() {
			continue
		}
		if err := l.allow(ctx, tx, d, as, why); err != nil {
			return 0, err
		}
		fresh++
	}
	return fresh, nil
}

// HoldRemovals implements [directory.RemovalRailKeeper].
func (l *Ledger) HoldRemovals(ctx context.Context, org directory.OrganizationID, done int) (bool, error) {
	const op = "stop removals"
	rail, err := l.readRail(ctx, op, org)
	if err != nil || (rail.Held && rail.HeldDone >= done) {
		return false, err
	}
	tripped := false
	err = l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		rail, err := l.lockRemovals(ctx, tx, org)
		if err != nil {
			return err
		}
		tripped = !rail.Held
		held := directory.RemovalStanding{Held: true, HeldDone: max(done, rail.HeldDone)}
		if err := l.setHeld(ctx, tx, org, held); err != nil || !tripped {
			return err
		}
		l.appendChange(tx, org, "")
		return l.audit(ctx, tx, AuditEntry{
			Actor: ActorManager, Action: ActionRemovalsHeld, Organization: org,
			Note: fmt.Sprintf("after %d within the window", done),
		})
	})
	return tripped, err
}

// LiftRemovals implements [directory.RemovalRailKeeper]. Lifting what is not
// held writes nothing.
func (l *Ledger) LiftRemovals(ctx context.Context, org directory.OrganizationID) error {
	const op = "let removals go on"
	rail, err := l.readRail(ctx, op, org)
	if err != nil || !rail.Held {
		return err
	}
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		l.appendChange(tx, org, "")
		return l.setHeld(ctx, tx, org, directory.RemovalStanding{})
	})
}

func (l *Ledger) readRail(ctx context.Context, op string, org directory.OrganizationID) (directory.RemovalStanding, error) {
	var rail directory.RemovalStanding
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		rail, err = removalRail(ctx, tx, org)
		return err
	})
	return rail, err
}

func (l *Ledger) setHeld(ctx context.Context, tx database.Tx, org directory.OrganizationID, to directory.RemovalStanding) error {
	held := 0
	if to.Held {
		held = 1
	}
	_, err := tx.ExecContext(ctx, "UPDATE removal_rails SET held = $2, held_done = $3 WHERE organization = $1", org, held, to.HeldDone)
	return err
}
