package protocol

import (
	"crypto/rand"
	"encoding/binary"
	"maps"
	"slices"
	"sync"
)

// maxSessions is how many listings can be under way at once before the one
// that waited longest is forgotten, and thereby not complete.
const maxSessions = 32

// sessions remember which resources a listing has had, which a cursor cannot
// carry. It takes about 30 bytes for each.
type sessions struct {
	mu    sync.Mutex
	byID  map[uint64]*session
	order []uint64 // the one that waited longest first
}

// session is what is remembered of one listing.
type session struct {
	mu sync.Mutex
	// page has for the hash of an identifier the page that it came with.
	page map[uint64]int32
	last int32
}

// newSession makes a session that is not kept yet: most listings have one page.
func newSession() *session { return &session{page: map[uint64]int32{}, last: -1} }

// keep keeps the session under a new name.
func (s *sessions) keep(kept *session) uint64 {
	var random [8]byte
	_, _ = rand.Read(random[:])
	id := binary.BigEndian.Uint64(random[:]) | 1 // 0 is none
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[uint64]*session{}
	}
	if len(s.order) >= maxSessions {
		delete(s.byID, s.order[0])
		s.order = s.order[1:]
	}
	s.byID[id] = kept
	s.order = append(s.order, id)
	return id
}

// get returns the session and makes it the youngest; a new one that is not
// kept, and false, when it is not known.
func (s *sessions) get(id uint64) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.byID[id]
	if !ok {
		return newSession(), false
	}
	i := slices.Index(s.order, id)
	s.order = append(slices.Delete(s.order, i, i+1), id)
	return known, true
}

// end forgets the session. A page that is asked for again after the last one
// makes the listing one that is not complete.
func (s *sessions) end(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
	if i := slices.Index(s.order, id); i >= 0 {
		s.order = slices.Delete(s.order, i, i+1)
	}
}

// begin prepares for the page, and forgets what a previous attempt at it, or at
// later ones, has seen. It reports false when pages before it are missing.
func (s *session) begin(page int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := int32(min(page, maxListed))
	if number <= s.last {
		maps.DeleteFunc(s.page, func(_ uint64, seen int32) bool { return seen >= number })
	}
	whole := number <= s.last+1
	s.last = number
	return whole
}

// add reports whether the identifier is new to the listing.
func (s *session) add(hash uint64, page int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, seen := s.page[hash]; seen {
		return false
	}
	s.page[hash] = int32(min(page, maxListed))
	return true
}
