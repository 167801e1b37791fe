package rails_test

import (
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/rails"
)

func TestBY4_Settling(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	clock := testingclock.NewFakeClock(start)
	s := rails.NewSettling(clock)
	grew := func(reason, key string, members []string, want time.Duration) {
		t.Helper()
		if got := s.Grew(key, members).Sub(start); got != want {
			t.Errorf("%s: grew after %s, want %s", reason, got, want)
		}
	}
	grew("the first", "one", []string{"a"}, 0)
	clock.Step(time.Second)
	grew("seen again", "one", []string{"a"}, 0)
	grew("another organization", "two", []string{"a"}, time.Second)
	clock.Step(time.Second)
	grew("one more", "one", []string{"a", "b"}, 2*time.Second)
	clock.Step(time.Second)
	grew("one went", "one", []string{"b"}, 2*time.Second)
	grew("one came back", "one", []string{"b", "a"}, 3*time.Second)
	grew("all went", "one", nil, 3*time.Second)
	clock.Step(time.Second)
	grew("a new wave", "one", []string{"b"}, 4*time.Second)
	clock.SetTime(start.Add(-time.Hour))
	grew("a clock set back begins anew", "one", []string{"b"}, -time.Hour)
}
