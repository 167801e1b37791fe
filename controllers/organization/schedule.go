package organization

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/plan"
)

const (
	// listEvery is how often members are listed although nobody asks.
	listEvery = time.Hour
	// listSpread is how far the listings of many organizations are spread after
	// the manager started, and listJitter from then on.
	listSpread = 5 * time.Minute
	listJitter = 6 * time.Minute
	// listAgain is how soon members are listed again after that failed, and after
	// something was corrected.
	listAgain = time.Minute
	// listDoubtful is how soon members are listed again after the backend did not
	// vouch for its listing.
	listDoubtful = 10 * time.Minute
	// planFresh is for how long a plan that is computed anew, because a User was
	// edited, takes what was listed before.
	planFresh = time.Minute
)

// schedule remembers, for this process, when each organization's members are to
// be listed. A reconcile happens at each recount, far more often than that.
type schedule struct {
	clock clock.PassiveClock
	// jitter returns a number in [0,1).
	jitter func() float64

	mu sync.Mutex
	of map[types.NamespacedName]*appointment
}

// appointment is what is known about one organization.
type appointment struct {
	// due is when members are listed next.
	due time.Time
	// occasion is what the last listing was made for; another one makes a listing
	// due at once.
	occasion string
	// checked is true when the last listing was one that looks whether something
	// was corrected.
	checked bool
	// told is what the last listing led to, nil when this process made none.
	told *told
	// seen is what was listed last, while plans need it, and seenAt when.
	seen   *plan.Facts
	seenAt time.Time
	// report is what is known about the export that was asked for last.
	report exported
}

func newSchedule(c clock.PassiveClock, jitter func() float64) *schedule {
	return &schedule{clock: c, jitter: jitter, of: map[types.NamespacedName]*appointment{}}
}

// appointment returns the one of an organization. For one that this process has
// not seen yet a listing is due at once, or within the spread when it is known
// that one was made for the occasion. An organization is reconciled by one
// worker at a time, and nobody else changes what is returned.
func (s *schedule) appointment(key types.NamespacedName, occasion string, known bool) *appointment {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.of[key]
	if a == nil {
		a = &appointment{due: s.clock.Now()}
		if known {
			a.occasion, a.due = occasion, s.after(0, listSpread)
		}
		s.of[key] = a
	}
	return a
}

// hurry makes a listing due at once, if the organization is known.
func (s *schedule) hurry(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.of[key]; a != nil {
		a.due = s.clock.Now()
	}
}

func (s *schedule) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, key)
}

// after is a time that lies so far ahead, and up to the spread further.
func (s *schedule) after(wait, spread time.Duration) time.Time {
	return s.clock.Now().Add(wait + time.Duration(s.jitter()*float64(spread)))
}

// isDue reports whether members are to be listed now, for the occasion or
// because it is time.
func (s *schedule) isDue(a *appointment, occasion string) bool {
	return a.occasion != occasion || !s.clock.Now().Before(a.due)
}
