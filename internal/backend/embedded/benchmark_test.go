package embedded_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/backend/embedded"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// BenchmarkApplyMember measures the promise of 500 member changes a second:
// every call creates somebody, or changes what is declared.
func BenchmarkApplyMember(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		w := practiceWorld(b, db)
		var n atomic.Int64
		apply := func(b *testing.B, m directory.Member) {
			if _, err := w.ApplyMember(context.Background(), m); err != nil {
				b.Error(err)
			}
		}
		b.Run("create", func(b *testing.B) {
			concurrently(b, func() { apply(b, benchmarkMember(n.Add(1), "Analyst")) })
		})
		b.Run("change", func(b *testing.B) {
			people := n.Load()
			concurrently(b, func() { i := n.Add(1); apply(b, benchmarkMember(i%people, fmt.Sprint(i))) })
		})
		b.Run("unchanged", func(b *testing.B) {
			apply(b, benchmarkMember(-1, "Analyst"))
			concurrently(b, func() { apply(b, benchmarkMember(-1, "Analyst")) })
		})
		b.Run("access", func(b *testing.B) {
			people := n.Load()
			concurrently(b, func() {
				i := n.Add(1)
				a := directory.Access{Units: []string{"north"}}
				if i/people%2 == 0 {
					a = directory.Access{Grants: []directory.Grant{{Role: "clinician", Unit: "north"}}}
				}
				_ = w.ApplyAccess(context.Background(), practice, benchmarkMember(i%people, "").Address, a)
			})
		})
	})
}

func benchmarkMember(i int64, title string) directory.Member {
	return directory.Member{
		Organization: practice, Address: fmt.Sprintf("person-%d@example.com", i), State: directory.MemberInvited,
		Profile: directory.Profile{DisplayName: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Title: title},
	}
}

// concurrently calls f from as many places at once as a manager reconciles in.
func concurrently(b *testing.B, f func()) {
	b.Helper()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}

// BenchmarkAccept measures acceptance without the hashing of the password.
func BenchmarkAccept(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		w := practiceWorld(b, db)
		tokens := make([]string, b.N)
		for i := range tokens {
			m := benchmarkMember(int64(i), "")
			if _, err := w.ApplyMember(b.Context(), m); err != nil {
				b.Fatal(err)
			}
			tokens[i] = w.invite(b, m.Address, 1)
		}
		var n atomic.Int64
		b.ResetTimer()
		concurrently(b, func() {
			_, _, err := w.Accept(context.Background(), tokens[n.Add(1)-1], directory.Acceptance{Name: "Ada", Password: password})
			if err != nil {
				b.Error(err)
			}
		})
	})
}

// BenchmarkSession measures what every page of somebody signed in costs.
func BenchmarkSession(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		w := practiceWorld(b, db)
		session := w.accept(b, ada)
		concurrently(b, func() {
			if _, err := w.Session(context.Background(), session); err != nil {
				b.Error(err)
			}
		})
	})
}

// BenchmarkListMembers measures a page of 500 members with access.
func BenchmarkListMembers(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		practiceWorld(b, db)
		w := newWorld(b, db, func(o *embedded.Options) { o.PageSize = 500 })
		for i := range int64(2000) {
			m := benchmarkMember(i, "")
			if _, err := w.ApplyMember(b.Context(), m); err != nil {
				b.Fatal(err)
			}
			must(b, w.ApplyAccess(b.Context(), practice, m.Address, directory.Access{Units: []string{"north"}}))
		}
		b.ResetTimer()
		for b.Loop() {
			page, err := w.ListMembers(b.Context(), practice, "")
			if err != nil || len(page.Members) != 500 {
				b.Fatalf("%d members, %v", len(page.Members), err)
			}
		}
	})
}

// BenchmarkSignIn measures signing in with the hashing, which is to take long.
func BenchmarkSignIn(b *testing.B) {
	w := practiceWorld(b, databasetest.SQLite(b))
	w.WithKDF(embedded.Argon2id)
	w.accept(b, ada)
	start := w.clock.Now()
	for b.Loop() {
		if _, _, err := w.SignIn(b.Context(), practice, ada, password); err != nil {
			b.Fatal(err)
		}
	}
	if w.clock.Now().Sub(start) > time.Minute {
		b.Error("the clock moved")
	}
}
