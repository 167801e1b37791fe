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
	// bulkMute: what is changed in bulk is neither told nor can be read together.
	bulkMute bool
	// bulkMost is how many changes were not too many for one request; 0 when none were.
	bulkMost int
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
	l.bulkFrom, l.bulkMute, l.bulkMost = time.Time{}, false, 0
}

func (l *learned) applyTo(f Features) Features {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removeForm != "" {
		f.RemoveMembers = l.removeForm
	}
	if l.bulkMost > 0 {
		f.Bulk.MaxOperations = min(f.Bulk.MaxOperations, l.bulkMost)
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
	return !now.Before(l.bulkFrom) && (!result || !l.bulkMute)
}

// pauseBulk remembers that nothing is to be sent in bulk until then.
func (l *learned) pauseBulk(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.bulkFrom) {
		l.bulkFrom = until
	}
}

// bulkTellsNothing remembers that changes whose result is wanted cost less alone.
func (l *learned) bulkTellsNothing() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bulkMute = true
}

// bulkAtMost remembers that more changes are too many for one request.
func (l *learned) bulkAtMost(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bulkMost == 0 || n < l.bulkMost {
		l.bulkMost = n
	}
}
