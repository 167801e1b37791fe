package scim

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// patience is how many listings that are not complete, and do not show what is to
	// be removed, stand for a complete one: a service provider that never tells a total
	// that is right would otherwise never be done.
	patience = 3
	// apart is how much later than the one before each of them is read: what is wrong
	// for a moment is over by then.
	apart = 2 * time.Minute
	// patienceAge is how long nobody asks until they are counted anew.
	patienceAge = time.Hour
)

// extent is how much of everything a listing has shown.
type extent struct {
	// complete is true when nothing was left out.
	complete bool
	// shown is how many different resources it has shown.
	shown int
}

// whole is the size of the largest listing of a kind that was complete.
type whole struct {
	// sized is one more than the size; 0 before there was any.
	sized atomic.Int64
}

// note keeps a size that was complete, and is larger than what is known.
func (w *whole) note(size int) { w.raise(int64(size) + 1) }

func (w *whole) raise(sized int64) {
	for {
		known := w.sized.Load()
		if sized <= known || w.sized.CompareAndSwap(known, sized) {
			return
		}
	}
}

// covers reports whether a listing of that size, or a larger one, was complete
// before: then one that is not has left something out for once.
func (w *whole) covers(size int) bool { return int64(size) < w.sized.Load() }

// wholeOf is that of users or of groups.
func (l *lessons) wholeOf(kind protocol.ResourceKind) *whole {
	if kind == protocol.Groups {
		return &l.wholeGroups
	}
	return &l.wholeUsers
}

// absences count, of each thing that is to be removed, the listings that were not
// complete and have not shown it.
type absences struct {
	mu    sync.Mutex
	byKey map[string]absence
}

type absence struct {
	listings int
	// at is when the last of them was counted.
	at time.Time
}

// miss counts a listing, unless it comes too soon after the one before. It returns
// when the next one counts; 0 when there were enough.
func (a *absences) miss(key string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byKey == nil {
		a.byKey = map[string]absence{}
	}
	for other, one := range a.byKey {
		if now.Sub(one.at) >= patienceAge {
			delete(a.byKey, other)
		}
	}
	one := a.byKey[key]
	if one.listings == 0 || now.Sub(one.at) >= apart {
		one = absence{min(one.listings+1, patience), now}
		a.byKey[key] = one
	}
	if one.listings == patience {
		return 0
	}
	return apart - now.Sub(one.at)
}

// forget is for what was shown, made or removed: then it is counted anew.
func (a *absences) forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.byKey, key)
}

// absent is nil when it follows from a listing, that has not shown what is to be
// removed, that it is not there: from a complete one; or, where none as large was
// ever complete, from one of several that are some minutes apart. KindUnavailable
// until then: whoever asks comes back.
func (b *Backend) absent(kind protocol.ResourceKind, key string, x extent) error {
	if x.complete {
		return nil
	}
	wait, why := apart, "one that was as large has been complete"
	if !b.learnt.wholeOf(kind).covers(x.shown) {
		wait, why = b.absences.miss(key, b.clock.Now()), "it takes several, some minutes apart, to believe it"
	}
	if wait == 0 {
		return nil
	}
	return &directory.Error{
		Kind: directory.KindUnavailable, RetryAfter: wait,
		Err: directory.Errorf(directory.KindUnavailable, "", "the service provider's listing is not complete, and nothing follows from what it does not show: %s", why),
	}
}
