package ledger

import "time"

const (
	firstBackoff = 5 * time.Second
	lastBackoff  = time.Hour
)

// backoff returns how long to wait after so many attempts: 5 s, doubling up to
// an hour, less up to a quarter that jitter in [0,1) takes off, because what
// failed together must not come back together.
func backoff(attempts int, jitter float64) time.Duration {
	wait := lastBackoff
	// 5 s doubled ten times is beyond an hour; a larger shift would overflow.
	if doublings := max(attempts-1, 0); doublings < 10 {
		wait = min(firstBackoff<<doublings, lastBackoff)
	}
	return max(wait-time.Duration(jitter*float64(wait/4)), firstBackoff)
}
