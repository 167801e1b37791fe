package ledger

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// A page of a listing costs what the page holds, whoever else is there.
func TestPromise_PagesAreReadByAnIndex(t *testing.T) {
	db := databasetest.SQLite(t)
	for reason, statement := range map[string]string{
		"holdings":           holdingsAfter,
		"one holding":        holdingOfAddress,
		"holdings of a User": holdingsOfHolder,
		"invitations":        selectRecords + newestOfAll,
		"joining":            joiningOfAll,
		"audit":              selectAudit + auditBefore,
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
