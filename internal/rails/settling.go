package rails

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Settling remembers when something was seen first, by the clock of this
// process: no other machine's clock, and no restart, makes it wait for longer
// than a moment ago would. Make it with [NewSettling].
type Settling struct {
	clock clock.PassiveClock

	mu sync.Mutex
	// of holds for every key what was seen, and when the last of it was new.
	of map[string]*settling
}

type settling struct {
	members map[string]bool
	grew    time.Time
}

// NewSettling returns one that has seen nothing.
func NewSettling(c clock.PassiveClock) *Settling {
	return &Settling{clock: c, of: map[string]*settling{}}
}

// Grew takes what is seen under the key now, and returns when something was new
// in it last. Seeing nothing forgets the key.
func (s *Settling) Grew(key string, members []string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if len(members) == 0 {
		delete(s.of, key)
		return now
	}
	was := s.of[key]
	if was == nil {
		was = &settling{}
	}
	next := &settling{members: make(map[string]bool, len(members)), grew: was.grew}
	for _, m := range members {
		next.members[m] = true
		if !was.members[m] {
			next.grew = now
		}
	}
	// A clock that was set back begins anew.
	if next.grew.After(now) {
		next.grew = now
	}
	s.of[key] = next
	return next.grew
}
