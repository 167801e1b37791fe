package ledger

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// Counting reads indexes only: what people were told stays on the disk.
func TestStatistics_ReadsIndexesOnly(t *testing.T) {
	db := databasetest.SQLite(t)
	for reason, statement := range map[string]string{
		"by state": countStandings, "by age": countYounger, "ages": sumAges, "leaving": countLeaving, "due": longestDue,
	} {
		for _, step := range plan(t, db, statement) {
			table := strings.Contains(step, "SCAN") || strings.Contains(step, "SEARCH")
			if table && !strings.Contains(step, "COVERING INDEX") {
				t.Errorf("%s: %s", reason, step)
			}
		}
	}
	for _, step := range plan(t, db, countUnknown) {
		if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "deliveries_unknown") {
			t.Errorf("unknown ones: %s", step)
		}
	}
}
