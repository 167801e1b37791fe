package tally_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
	"github.com/rollcall-dev/rollcall/internal/tally"
)

// books are a ledger whose numbers a test sets.
type books struct {
	numbers ledger.Statistics
	err     error
}

func (b *books) Statistics(context.Context, []time.Duration) (ledger.Statistics, error) {
	return b.numbers, b.err
}

type world struct {
	books    *books
	clock    *testingclock.FakePassiveClock
	registry *prometheus.Registry
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		books: &books{numbers: ledger.Statistics{
			Invitations: map[directory.InvitationState]int64{directory.InvitationPending: 3, directory.InvitationAccepted: 7},
			Ages:        map[time.Duration]int64{time.Hour: 1, 24 * time.Hour: 2},
			AgeSum:      90 * time.Hour,
			Deliveries:  map[directory.DeliveryState]int64{directory.DeliveryQueued: 2},
			Delay:       30 * time.Second, RemovalsHeld: 1,
		}},
		clock:    testingclock.NewFakePassiveClock(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)),
		registry: prometheus.NewPedanticRegistry(),
	}
	err := tally.New(tally.Options{Ledger: w.books, Clock: w.clock, Log: testr.New(t), Registerer: w.registry})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) wants(t *testing.T, want string) {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&got, family); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const all = `
# HELP rollcall_invitations Invitations that were ever issued, by the state they are in.
# TYPE rollcall_invitations gauge
rollcall_invitations{state="Accepted"} 7
rollcall_invitations{state="Pending"} 3
# HELP rollcall_invitations_pending_age_seconds How long ago the invitations that are pending were issued.
# TYPE rollcall_invitations_pending_age_seconds histogram
rollcall_invitations_pending_age_seconds_bucket{le="3600"} 1
rollcall_invitations_pending_age_seconds_bucket{le="86400"} 2
rollcall_invitations_pending_age_seconds_bucket{le="+Inf"} 3
rollcall_invitations_pending_age_seconds_sum 324000
rollcall_invitations_pending_age_seconds_count 3
# HELP rollcall_ledger_statistics_failures_total How often the database did not tell how many invitations and mails there are.
# TYPE rollcall_ledger_statistics_failures_total counter
rollcall_ledger_statistics_failures_total 0
# HELP rollcall_mail_deliveries_open Mails that are not sent: Queued, Claimed, Held by a rail, or of an Unknown fate while the invitation is pending.
# TYPE rollcall_mail_deliveries_open gauge
rollcall_mail_deliveries_open{state="Queued"} 2
# HELP rollcall_mail_queue_delay_seconds For how long the mail that is due longest has been due.
# TYPE rollcall_mail_queue_delay_seconds gauge
rollcall_mail_queue_delay_seconds 30
# HELP rollcall_organizations_removals_held Organizations whose removals are stopped until somebody approves them.
# TYPE rollcall_organizations_removals_held gauge
rollcall_organizations_removals_held 1
`

func TestCensus_TellsEverything(t *testing.T) {
	newWorld(t).wants(t, all)
}

func TestCensus_TellsTheSameForFifteenSeconds(t *testing.T) {
	w := newWorld(t)
	w.wants(t, all)
	w.books.numbers.Delay = time.Minute
	w.clock.SetTime(w.clock.Now().Add(14 * time.Second))
	w.wants(t, all)
	w.clock.SetTime(w.clock.Now().Add(time.Second))
	w.wants(t, strings.ReplaceAll(all, "delay_seconds 30", "delay_seconds 60"))
}

// A database that does not answer must not take the other metrics away.
func TestCensus_ADatabaseThatDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	w.books.err = errors.New("down")
	failed := `
# HELP rollcall_ledger_statistics_failures_total How often the database did not tell how many invitations and mails there are.
# TYPE rollcall_ledger_statistics_failures_total counter
rollcall_ledger_statistics_failures_total 1
`
	w.wants(t, failed)
	w.books.err = nil
	w.wants(t, failed) // left alone for a while
	w.clock.SetTime(w.clock.Now().Add(time.Minute))
	w.wants(t, strings.ReplaceAll(all, "failures_total 0", "failures_total 1"))
}

func TestNew_NeedsEverything(t *testing.T) {
	if err := tally.New(tally.Options{}); err == nil {
		t.Error("it takes nothing at all")
	}
}
