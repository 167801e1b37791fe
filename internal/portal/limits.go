package portal

import (
	"crypto/sha256"
	"errors"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Limit is a bucket: Burst requests at once, and one more after each Every.
type Limit struct {
	Every time.Duration
	Burst int
}

// Limits bounds what can be asked for. A zero Limit means its default. All are
// counted in this process only, so n replicas let n times as much pass.
type Limits struct {
	// Requests is for one client, over all pages. Default: 120, then 5 a second.
	Requests Limit
	// Submissions is for one client's forms. Default: 30, then one in 2 seconds;
	// a practice behind one address can still accept together.
	Submissions Limit
	// Invitation is for one invitation's link, pages and forms. Default: 30,
	// then one in 5 seconds.
	Invitation Limit
	// Link is for one shareable link, pages and forms. Default: 600, then 10 a
	// second; a lecture hall can follow it at once.
	Link Limit
	// SignIn is for one address in one organization, whether they exist or
	// not. Default: 10, then one in 30 seconds.
	SignIn Limit
	// Entries is how many clients, links and addresses are remembered, for
	// each limit on its own; those that were quiet longest are forgotten first.
	// Default: 10,000, which is about 6 MB in all.
	Entries int
}

func (l Limits) validate() error {
	for _, limit := range []Limit{l.Requests, l.Submissions, l.Invitation, l.Link, l.SignIn} {
		if limit != (Limit{}) && (limit.Every <= 0 || limit.Burst <= 0) {
			return errors.New("a limit of the portal needs both a burst and a time, above zero")
		}
	}
	if l.Entries < 0 {
		return errors.New("the portal can not remember fewer than zero clients")
	}
	return nil
}

func (l Limit) or(fallback Limit) Limit {
	if l == (Limit{}) {
		return fallback
	}
	return l
}

// limiters are the limits at work. Tokens and addresses are kept as hashes: a
// copy of the process's memory gives away no link.
type limiters struct {
	requests    *keyedLimiter[netip.Prefix]
	submissions *keyedLimiter[netip.Prefix]
	invitation  *keyedLimiter[[sha256.Size]byte]
	link        *keyedLimiter[[sha256.Size]byte]
	signIn      *keyedLimiter[[sha256.Size]byte]
}

func newLimiters(l Limits, c clock.PassiveClock) *limiters {
	entries := l.Entries
	if entries == 0 {
		entries = 10_000
	}
	return &limiters{
		requests:    newKeyedLimiter[netip.Prefix](l.Requests.or(Limit{Every: 200 * time.Millisecond, Burst: 120}), entries, c),
		submissions: newKeyedLimiter[netip.Prefix](l.Submissions.or(Limit{Every: 2 * time.Second, Burst: 30}), entries, c),
		invitation:  newKeyedLimiter[[sha256.Size]byte](l.Invitation.or(Limit{Every: 5 * time.Second, Burst: 30}), entries, c),
		link:        newKeyedLimiter[[sha256.Size]byte](l.Link.or(Limit{Every: 100 * time.Millisecond, Burst: 600}), entries, c),
		signIn:      newKeyedLimiter[[sha256.Size]byte](l.SignIn.or(Limit{Every: 30 * time.Second, Burst: 10}), entries, c),
	}
}

// tokenKey is under which a link is counted.
func tokenKey(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// addressKey is under which sign-in attempts are counted: one for all spellings
// of an address, so that another spelling is no further attempt.
func addressKey(org directory.OrganizationID, typed string) [sha256.Size]byte {
	canonical, err := address.Canonical(typed)
	if err != nil {
		canonical = typed
	}
	return sha256.Sum256([]byte(string(org) + "\x00" + canonical))
}

// keyedLimiter is a [rate.Limiter] for each of the keys seen lately. Keys live
// in two generations: one that is asked for moves into the young one, and when
// that is full it becomes the old one and what was old is forgotten. So memory
// is bounded, and whoever keeps asking is never forgotten.
type keyedLimiter[K comparable] struct {
	limit Limit
	// generation is how many keys one generation holds.
	generation int
	clock      clock.PassiveClock

	mu         sync.Mutex
	young, old map[K]*rate.Limiter
}

func newKeyedLimiter[K comparable](limit Limit, entries int, c clock.PassiveClock) *keyedLimiter[K] {
	return &keyedLimiter[K]{limit: limit, generation: max(entries/2, 1), clock: c, young: map[K]*rate.Limiter{}}
}

// take spends one request of the key. It returns how long to wait when there is
// none left to spend, and 0 otherwise.
func (k *keyedLimiter[K]) take(key K) time.Duration {
	now := k.clock.Now()
	reservation := k.bucket(key).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

func (k *keyedLimiter[K]) bucket(key K) *rate.Limiter {
	k.mu.Lock()
	defer k.mu.Unlock()
	if bucket, ok := k.young[key]; ok {
		return bucket
	}
	bucket, ok := k.old[key]
	if !ok {
		bucket = rate.NewLimiter(rate.Every(k.limit.Every), k.limit.Burst)
	}
	if len(k.young) >= k.generation {
		k.old, k.young = k.young, make(map[K]*rate.Limiter, k.generation)
	}
	k.young[key] = bucket
	return bucket
}
