package ledger

import (
	"context"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// What is done for one person takes as long with a hundred thousand others:
// no statement looks at a whole table. SQLite tells how it would run each, and
// PostgreSQL has the same indexes.
func TestPromise_RedemptionAndItsNeighboursAreO1(t *testing.T) {
	db := databasetest.SQLite(t)
	for reason, statement := range map[string]string{
		"look up":           selectRecords + "WHERE i.token_hash = $1",
		"redeem":            endPending + alive,
		"supersede":         endPending + "id = $3",
		"cancel its mail":   cancelQueued,
		"history":           selectRecords + newestOfAddress(),
		"observe":           selectRecords + newestOpen,
		"what is due":       selectDue,
		"what is overdue":   selectOverdue,
		"one delivery":      selectRecords + "WHERE d.id = $1",
		"close":             addressPending,
		"close all":         organizationPending,
		"audit of one":      selectAudit + "WHERE organization = $1 AND address = $2 ORDER BY id DESC LIMIT $3",
		"audit of all":      selectAudit + "WHERE organization = $1 ORDER BY id DESC LIMIT $2",
		"changes":           "SELECT sequence FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT $2",
		"a removal":         selectRemoval,
		"removals counted":  selectCounted,
		"removals waiting":  selectWaiting,
		"removals granted":  selectGranted,
		"heal removals":     healRemovals,
		"forget removals":   forgetRemovals,
		"limits":            selectLimits,
		"mails of the hour": countSent,
		"mails on the way":  countClaimed,
		"surge":             countSurge,
		"surge sent":        sentSurge,
		"hold":              holdSurge,
		"held":              selectHeld,
		"release":           releaseHeld,
		"an admission":      admissionOfAddress,
		"admissions":        admissionsAfter,
		"admit":             changeAdmission,
		"let in":            activateAdmission,
		"dismiss":           dismissSome,
		"trim the changes":  "DELETE FROM changes WHERE sequence <= $1",
	} {
		t.Run(reason, func(t *testing.T) {
			for _, step := range plan(t, db, statement) {
				if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("%s: %s", statement, step)
				}
			}
		})
	}
}

func plan(t *testing.T, db *database.DB, statement string) []string {
	t.Helper()
	var steps []string
	err := db.Read(t.Context(), func(ctx context.Context, tx database.Tx) error {
		steps = nil
		rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, make([]any, strings.Count(statement, "$"))...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				return err
			}
			steps = append(steps, step)
		}
		return rows.Err()
	})
	if err != nil || len(steps) == 0 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	return steps
}
