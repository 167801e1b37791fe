package protocol

import (
	"cmp"
	"strings"
	"sync"
	"time"
)

// learned is what answers have shown about the service provider, until it is
// forgotten. It never outlives the process: a mistake heals by itself.
type learned struct {
	mu         sync.Mutex
	unfiltered map[string]bool // kind and attribute
	unpatched  map[ResourceKind]bool
	removeForm RemoveForm
	pageSize   map[uint64]int // by the fingerprint of a listing
	taken      string         // the media type that was taken; empty for the usual one
	// bulkFrom is when changes may be sent in bulk again.
	bulkFrom time.Time
	// bulkMute is until when what is changed in bulk is neither told nor can be read
	// together, and missed how often in a row it could not.
	bulkMute time.Time
	missed   int
	// bulkMost is how many changes were not too many for one request, and bulkPace
	// not too slow; 0 when none were.
	bulkMost, bulkPace int
}

const (
	scimMedia  = "application/scim+json"
	plainMedia = "application/json"
)

func otherMedia(media string) string {
	if media == scimMedia {
		return plainMedia
	}
	return scimMedia
}

// takes remembers that bodies of the media type are taken, and others were not.
func (l *learned) takes(media string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken = media
}

// media returns the media type to send bodies as.
func (l *learned) media() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.taken, scimMedia)
}

func (l *learned) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unfiltered, l.unpatched, l.removeForm, l.pageSize, l.taken = nil, nil, "", nil, ""
	l.bulkFrom, l.bulkMute, l.missed, l.bulkMost, l.bulkPace = time.Time{}, time.Time{}, 0, 0, 0
}

func (l *learned) applyTo(f Features) Features {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removeForm != "" {
		f.RemoveMembers = l.removeForm
	}
	return f
}

func filterKey(kind ResourceKind, p Path) string {
	return string(kind) + " " + strings.ToLower(p.Unfiltered().String())
}

// ignoresFilter remembers that listings cannot be filtered by the attribute.
func (l *learned) ignoresFilter(kind ResourceKind, p Path) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unfiltered == nil {
		l.unfiltered = map[string]bool{}
	}
	l.unfiltered[filterKey(kind, p)] = true
}

func (l *learned) filters(kind ResourceKind, p Path) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.unfiltered[filterKey(kind, p)]
}

// refusesPatch remembers that there is no PATCH for the kind.
func (l *learned) refusesPatch(kind ResourceKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unpatched == nil {
		l.unpatched = map[ResourceKind]bool{}
	}
	l.unpatched[kind] = true
}

func (l *learned) patches(kind ResourceKind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.unpatched[kind]
}

// removesBy remembers the form that removals of members take.
func (l *learned) removesBy(form RemoveForm) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeForm = form
}

// smallerPage remembers that a page of the size was too large.
func (l *learned) smallerPage(listing uint64, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pageSize == nil {
		l.pageSize = map[uint64]int{}
	}
	l.pageSize[listing] = size
}

// page returns the size to ask for when the size given is wanted.
func (l *learned) page(listing uint64, size int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.pageSize[listing]; known > 0 && known < size {
		return known
	}
	return size
}

// bulks reports whether a change may be sent in bulk, where that is offered.
func (l *learned) bulks(now time.Time, result bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !now.Before(l.bulkFrom) && (!result || !now.Before(l.bulkMute))
}

// pauseBulk remembers that nothing is to be sent in bulk until then.
func (l *learned) pauseBulk(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.bulkFrom) {
		l.bulkFrom = until
	}
}

// missedInARow is how often in a row resources are not found together before it is
// believed that they never will be.
const missedInARow = 3

// readsTogether counts whether several resources were found by one filter, and
// reports whether they never are.
func (l *learned) readsTogether(found bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found {
		l.missed = 0
		return false
	}
	l.missed++
	return l.missed >= missedInARow
}

// bulkTellsNothing remembers until then that changes whose result is wanted cost
// less alone.
func (l *learned) bulkTellsNothing(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bulkMute = until
}

// bulkMax is how many changes may be in one request, of which most are told.
func (l *learned) bulkMax(most int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range []int{l.bulkMost, l.bulkPace} {
		if n > 0 {
			most = min(most, n)
		}
	}
	return most
}

// bulkAtMost remembers that more changes are too many for one request.
func (l *learned) bulkAtMost(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bulkMost == 0 || n < l.bulkMost {
		l.bulkMost = n
	}
}

// bulkSlow remembers that n changes took too long: half of them are tried next.
func (l *learned) bulkSlow(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if half := (n + 1) / 2; l.bulkPace == 0 || half < l.bulkPace {
		l.bulkPace = half
	}
}

// bulkTook takes back half of a bulkSlow when as many changes as are allowed took
// less than a quarter of the time.
func (l *learned) bulkTook(n int, took, limit time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bulkPace > 0 && n >= l.bulkPace && took < limit/4 {
		l.bulkPace *= 2
	}
}
