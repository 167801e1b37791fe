package ledger_test

import (
	"testing"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// An approval of a wave is one transaction, which must end well within the time
// that a transaction has.
func BenchmarkGrantRemovals(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		l, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
		if err != nil {
			b.Fatal(err)
		}
		const people = 3000
		for n := 0; b.Loop(); n += people {
			if err := l.GrantRemovals(b.Context(), clinic, departures(n, n+people), "wave"); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(people*float64(b.N)/b.Elapsed().Seconds(), "removals/s")
	})
}
