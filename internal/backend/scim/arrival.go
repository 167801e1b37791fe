package scim

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// arrivalAge is how long the answer to a creation stands in for a look at the user.
const arrivalAge = 10 * time.Second

// arrivals are users whom we have just created, as the service provider answered.
// Access is given right after that: it need not ask for them again. Each is used
// once, and not after the user was looked for again or anything was done to them.
type arrivals struct {
	mu    sync.Mutex
	byKey map[string]arrival
}

type arrival struct {
	user protocol.Resource
	at   time.Time
}

// note keeps who was created, and forgets those nobody has asked for in time.
func (a *arrivals) note(s sight, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byKey == nil {
		a.byKey = map[string]arrival{}
	}
	for key, one := range a.byKey {
		if now.Sub(one.at) >= arrivalAge {
			delete(a.byKey, key)
		}
	}
	a.byKey[s.key()] = arrival{s.user, now}
}

// take returns the user, once; the zero Resource when there is none.
func (a *arrivals) take(p person, c clock.PassiveClock) protocol.Resource {
	a.mu.Lock()
	defer a.mu.Unlock()
	one, is := a.byKey[p.key()]
	delete(a.byKey, p.key())
	if !is || c.Since(one.at) >= arrivalAge {
		return protocol.Resource{}
	}
	return one.user
}

// forget is for a user to whom something was done.
func (a *arrivals) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, one := range a.byKey {
		if one.user.ID() == id {
			delete(a.byKey, key)
		}
	}
}

// giveArrival gives access to somebody whom we have just created, and reports
// whether it did. What is refused may be so because they are there no more: then it
// is for [Backend.applyAccess] to look and to say so.
func (b *Backend) giveArrival(ctx context.Context, v *view, p person, a directory.Access) (bool, error) {
	user := b.arrivals.take(p, b.clock)
	if user.ID() == "" {
		return false, nil
	}
	s, err := b.admission(ctx, p)
	if err != nil {
		return false, err
	}
	err = b.giveWhatExists(ctx, v, s.creation(user).sight, a)
	switch directory.KindOf(err) {
	case directory.KindUnavailable, directory.KindRateLimited, directory.KindCredentials:
		return false, err
	default:
		return err == nil, nil
	}
}
