package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// BenchmarkAdmit records new admissions, from many goroutines: as many are made
// as members are created.
func BenchmarkAdmit(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		l, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
		if err != nil {
			b.Fatal(err)
		}
		var n atomic.Int64
		b.SetParallelism(32)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				a := admission(fmt.Sprintf("person-%d@example.com", n.Add(1)), directory.MemberInvited)
				if err := l.Admit(b.Context(), a, directory.Admission{}); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "admissions/s")
	})
}

// BenchmarkAdmissions reads all admissions of 10,000 people, a page at a time,
// as a listing of a system does that many times a day.
func BenchmarkAdmissions(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		l, err := ledger.New(ledger.Options{DB: db, Clock: clock.RealClock{}})
		if err != nil {
			b.Fatal(err)
		}
		const people, page = 10_000, 500
		together(100, func(from int) {
			for i := range people / 100 {
				a := admission(fmt.Sprintf("person-%d@example.com", 100*from+i), directory.MemberActive)
				if err := l.Admit(b.Context(), a, directory.Admission{}); err != nil {
					b.Error(err)
				}
			}
		})
		b.ResetTimer()
		for b.Loop() {
			after, read := "", 0
			for {
				found, err := l.Admissions(b.Context(), clinic, after, page)
				if err != nil {
					b.Fatal(err)
				}
				read += len(found)
				if len(found) < page {
					break
				}
				after = found[page-1].Address
			}
			if read != people {
				b.Fatalf("%d of %d", read, people)
			}
		}
		b.ReportMetric(people*float64(b.N)/b.Elapsed().Seconds(), "admissions/s")
	})
}
