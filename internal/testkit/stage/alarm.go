package stage

import (
	"maps"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
)

// Alarm counts the rails that were tripped, without a registry for metrics.
type Alarm struct {
	mu      sync.Mutex
	tripped map[alarm.Rail]int
}

// Tripped counts once more.
func (a *Alarm) Tripped(rail alarm.Rail) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tripped == nil {
		a.tripped = map[alarm.Rail]int{}
	}
	a.tripped[rail]++
}

// Tripped returns how often each rail was tripped so far; one that never was is
// not in it.
func (s *Stage) Tripped() map[alarm.Rail]int {
	s.Alarm.mu.Lock()
	defer s.Alarm.mu.Unlock()
	return maps.Clone(s.Alarm.tripped)
}
