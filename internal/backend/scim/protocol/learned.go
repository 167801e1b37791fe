package protocol

import (
	"strings"
	"sync"
)

// learned is what answers have shown about the service provider, until it is
// forgotten. It never outlives the process: a mistake heals by itself.
type learned struct {
	mu         sync.Mutex
	unfiltered map[string]bool // kind and attribute
	unpatched  map[ResourceKind]bool
	removeForm RemoveForm
	pageSize   map[uint64]int // by the fingerprint of a listing
}

func (l *learned) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unfiltered, l.unpatched, l.removeForm, l.pageSize = nil, nil, "", nil
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
