package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// keptChanges is how many of the newest changes are kept.
	keptChanges = 10_000
	// trimEvery is how many changes lie between two trims.
	trimEvery = 256
	// maxChanges bounds one answer of Changes.
	maxChanges = 1000
)

// ErrChangesLost says that changes after a position cannot be told any more:
// they were trimmed, or the database is an older one than before. Whoever
// follows looks at everything and follows from the head. Its kind is KindConflict.
var ErrChangesLost = errors.New("changes were missed: look at everything again")

// appendChange numbers a change at the very end of the transaction. The update
// of change_head holds its row until the commit, so the next number is given
// out after this one is visible, and a reader that has seen a number has seen
// all below it. Rolled back numbers are given out again.
func (l *Ledger) appendChange(tx database.Tx, org directory.OrganizationID, address string) {
	tx.BeforeCommit(func(ctx context.Context, tx database.Tx) error {
		var sequence int64
		err := tx.QueryRowContext(ctx, "UPDATE change_head SET value = value + 1 WHERE id = 1 RETURNING value").Scan(&sequence)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO changes (sequence, organization, address) VALUES ($1, $2, $3)",
			sequence, org, address)
		if err != nil || sequence%trimEvery != 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM changes WHERE sequence <= $1", sequence-keptChanges)
		return err
	})
	tx.AfterCommit(l.changed.send)
}

// Head returns the sequence number of the newest change, 0 when there was none yet.
func (l *Ledger) Head(ctx context.Context) (int64, error) {
	var head int64
	err := l.read(ctx, "read the head of the changes", func(ctx context.Context, tx database.Tx) error {
		var err error
		head, err = readHead(ctx, tx)
		return err
	})
	return head, err
}

func readHead(ctx context.Context, tx database.Tx) (int64, error) {
	var head int64
	err := tx.QueryRowContext(ctx, "SELECT value FROM change_head WHERE id = 1").Scan(&head)
	return head, err
}

// Changes returns changes after a sequence number, oldest first, at most limit
// of them and at most 1000; a limit below 1 means that. [ErrChangesLost] when some of them are not there
// any more.
func (l *Ledger) Changes(ctx context.Context, after int64, limit int) ([]directory.Change, error) {
	const op = "read changes"
	var changes []directory.Change
	err := l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		changes = nil
		head, err := readHead(ctx, tx)
		if err != nil || head == after {
			return err
		}
		if head < after {
			return &directory.Error{Kind: directory.KindConflict, Op: op, Err: ErrChangesLost}
		}
		rows, err := tx.QueryContext(ctx,
			"SELECT sequence, organization, address FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT $2",
			after, atMost(limit, maxChanges))
		if err != nil {
			return err
		}
		changes, err = scanChanges(rows)
		if err == nil && len(changes) > 0 && changes[0].Sequence != after+1 {
			return &directory.Error{Kind: directory.KindConflict, Op: op, Err: ErrChangesLost}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

func scanChanges(rows *sql.Rows) ([]directory.Change, error) {
	defer func() { _ = rows.Close() }()
	var changes []directory.Change
	for rows.Next() {
		var c directory.Change
		if err := rows.Scan(&c.Sequence, &c.Organization, &c.Address); err != nil {
			return nil, err
		}
		changes = append(changes, c)
	}
	return changes, errors.Join(rows.Err(), rows.Close())
}
