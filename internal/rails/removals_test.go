package rails_test

import (
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/rails"
)

var usual = rails.Limit{Percent: 25, Floor: 5, Window: time.Hour}

func TestBY4_Judge(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		limit  rails.Limit
		wave   rails.Wave
		want   rails.Verdict
	}{
		"nobody":             {"nothing to decide", usual, rails.Wave{Living: 200, Done: 60}, rails.Idle},
		"nobody any more":    {"whoever waited has an heir now", usual, rails.Wave{Living: 200, Held: true, HeldDone: 5}, rails.Idle},
		"one":                {"is it the first of many?", usual, rails.Wave{Living: 200, Waiting: 1}, rails.Settle},
		"one, settled":       {"it is not", usual, rails.Wave{Living: 200, Waiting: 1, Settled: true}, rails.Pass},
		"all of a small one": {"the floor holds however small the organization", usual, rails.Wave{Waiting: 5, Settled: true}, rails.Pass},
		"all but the floor":  {"six of six are more", usual, rails.Wave{Waiting: 6, Settled: true}, rails.Stop},
		"a quarter":          {"50 of 200", usual, rails.Wave{Living: 150, Waiting: 45, Done: 5, Settled: true}, rails.Pass},
		"a quarter and one":  {"51 of 200", usual, rails.Wave{Living: 149, Waiting: 46, Done: 5, Settled: true}, rails.Stop},
		"60 of 200, at once": {"too many are too many before they have settled", usual, rails.Wave{Living: 140, Waiting: 55, Done: 5}, rails.Stop},
		"one by one":         {"50 went, as a prune deletes them; the next is one too many", usual, rails.Wave{Living: 149, Waiting: 1, Done: 50}, rails.Stop},
		"the window rolled on": {
			"a stop does not end by waiting: it would trickle away", usual,
			rails.Wave{Living: 150, Waiting: 48, Held: true, HeldDone: 5, Settled: true},
			rails.Stop,
		},
		"the limit was raised": {
			"a stop ends when there is room",
			rails.Limit{Percent: 50, Floor: 5},
			rails.Wave{Living: 140, Waiting: 55, Held: true, HeldDone: 5, Settled: true},
			rails.Pass,
		},
		"most have heirs": {"a stop ends when few are left", usual, rails.Wave{Living: 190, Waiting: 10, Held: true, HeldDone: 5, Settled: true}, rails.Pass},
		"nobody may":      {"a limit of nothing", rails.Limit{}, rails.Wave{Living: 200, Waiting: 1, Settled: true}, rails.Stop},
		"everybody may":   {"a limit of all", rails.Limit{Percent: 100}, rails.Wave{Waiting: 200, Settled: true}, rails.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rails.Judge(test.limit, test.wave); got != test.want {
				t.Errorf("%s: %d, want %d", test.reason, got, test.want)
			}
		})
	}
}

func TestHE5_Due(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		reason        string
		deleted, seen time.Time
		delay, want   time.Duration
	}{
		"seen at once":       {"the delay", at, at, 5 * time.Second, 5 * time.Second},
		"seen later":         {"a renamed manifest still has a moment to appear", at, at.Add(time.Hour), 5 * time.Second, time.Hour + 5*time.Second},
		"long delay":         {"counted from the deletion", at, at.Add(time.Hour), 2 * time.Hour, 2 * time.Hour},
		"long delay is over": {"an outage does not begin it anew", at, at.Add(3 * time.Hour), 2 * time.Hour, 3*time.Hour + 5*time.Second},
		"no delay":           {"at once", at, at.Add(time.Minute), 0, time.Minute},
		"in the future":      {"the other clock is ahead: the delay, and no longer", at.Add(24 * time.Hour), at, 5 * time.Second, 5 * time.Second},
		"our clock is ahead": {"the delay all the same", at, at.Add(24 * time.Hour), time.Second, 24*time.Hour + time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rails.Due(test.deleted, test.seen, test.delay).Sub(at); got != test.want {
				t.Errorf("%s: due after %s, want %s", test.reason, got, test.want)
			}
		})
	}
}
