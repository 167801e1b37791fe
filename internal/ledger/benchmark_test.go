package ledger

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

func benchmarkLedger(b *testing.B, db *database.DB) *Ledger {
	b.Helper()
	key, err := invite.ParseKey([]byte("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"))
	if err != nil {
		b.Fatal(err)
	}
	l, err := New(Options{DB: db, Clock: clock.RealClock{}, Key: key, BaseURL: "https://join.example.com", Process: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	if err := l.ApplyOrganization(context.Background(), directory.Organization{ID: "team/clinic", DisplayName: "Clinic"}); err != nil {
		b.Fatal(err)
	}
	return l
}

func benchmarkRequest(n int64) directory.InvitationRequest {
	return directory.InvitationRequest{
		Organization: "team/clinic", Address: fmt.Sprintf("person-%d@example.com", n), Revision: 1, Mail: true, ExpiresAfter: 7 * 24 * time.Hour,
		Details: directory.InvitationDetails{OrganizationName: "Clinic", DisplayName: "Ada Lovelace", Roles: []string{"Clinician"}, Units: []string{"North"}},
	}
}

// BenchmarkInvite issues new invitations, each with its mail queued, from many
// goroutines: the promise is 5,000 a second on two cores with SQLite.
func BenchmarkInvite(b *testing.B) {
	databasetest.EachBenchmark(b, func(b *testing.B, db *database.DB) {
		l := benchmarkLedger(b, db)
		var n atomic.Int64
		b.SetParallelism(32)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := l.Invite(context.Background(), benchmarkRequest(n.Add(1))); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "invitations/s")
	})
}
