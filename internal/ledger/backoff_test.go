package ledger

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	for reason, test := range map[string]struct {
		attempts int
		jitter   float64
		want     time.Duration
	}{
		"after the first":              {1, 0, 5 * time.Second},
		"never less than that":         {1, 0.999, 5 * time.Second},
		"doubled":                      {4, 0, 40 * time.Second},
		"less a quarter at most":       {4, 1, 30 * time.Second},
		"less an eighth":               {4, 0.5, 35 * time.Second},
		"an hour at most":              {11, 0, time.Hour},
		"after very many":              {1 << 40, 0, time.Hour},
		"spread when it is that long":  {1 << 40, 1, 45 * time.Minute},
		"before any attempt, in doubt": {0, 0, 5 * time.Second},
	} {
		t.Run(reason, func(t *testing.T) {
			if got := backoff(test.attempts, test.jitter); got != test.want {
				t.Errorf("backoff(%d, %v) is %s; want %s", test.attempts, test.jitter, got, test.want)
			}
		})
	}
}
