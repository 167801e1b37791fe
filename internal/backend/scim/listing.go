package scim

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// listings are those that are being read. They are few, and what they know of
// whom they have shown is forgotten with their last page, when nobody has asked for
// one for a while, and with the process; whoever continues one then is told to
// begin anew.
type listings struct {
	prefix string
	clock  clock.PassiveClock

	mu    sync.Mutex
	begun int
	open  map[string]*listing
	// order is by age.
	order []string
}

// openListings is how many listings can be read at the same time.
const openListings = 16

// listingIdle is how long a listing waits for whoever reads it to go on.
const listingIdle = 10 * time.Minute

// listing is one that is being read.
type listing struct {
	org directory.OrganizationID
	// asked is when a page was asked for last; that of the listings guards it.
	asked time.Time

	mu sync.Mutex
	// seen are the addresses that the service provider has shown.
	seen map[string]bool
	// touched are those of whom this process has changed something that may have
	// moved them to where the listing had been already.
	touched  map[string]bool
	complete bool
	// shown is how many users there were.
	shown    int
	nameless int64
}

func (l *listings) begin(org directory.OrganizationID) (string, *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[string]*listing{}
	}
	l.begun++
	id := fmt.Sprintf("%s-%d", l.prefix, l.begun)
	l.open[id] = &listing{org: org, asked: l.clock.Now(), seen: map[string]bool{}, touched: map[string]bool{}}
	l.order = append(l.order, id)
	l.forget(func(i int, one *listing) bool {
		return i < len(l.order)-openListings || l.idle(i, one)
	})
	return id, l.open[id]
}

// forget forgets those listings, of which each has its place by age. The caller
// has the lock.
func (l *listings) forget(which func(i int, one *listing) bool) {
	var left []string
	for i, id := range l.order {
		if which(i, l.open[id]) {
			delete(l.open, id)
			continue
		}
		left = append(left, id)
	}
	l.order = left
}

func (l *listings) idle(_ int, one *listing) bool { return l.clock.Since(one.asked) >= listingIdle }

// end forgets a listing that was read to its end.
func (l *listings) end(ended *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(func(_ int, one *listing) bool { return one == ended })
}

func (l *listings) find(id string) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.idle)
	if l.open[id] != nil {
		l.open[id].asked = l.clock.Now()
	}
	return l.open[id]
}

// touch tells every listing of the organization that somebody was changed.
func (l *listings) touch(p person) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget(l.idle)
	for _, one := range l.open {
		if one.org == p.org {
			one.mu.Lock()
			one.touched[p.address] = true
			one.mu.Unlock()
		}
	}
}

func (l *listing) note(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[address] = true
}

func (l *listing) saw(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen[address]
}

// place is where a listing stands: at a page of the service provider, or among
// the admissions of those whom it did not show.
type place struct {
	listing string
	// tail is true among the admissions.
	tail bool
	// at is the client's cursor, or the last address.
	at string
}

const cursorMark = "scim"

func (p place) cursor() string {
	part := "users"
	if p.tail {
		part = "awaited"
	}
	return strings.Join([]string{cursorMark, p.listing, part, base64.RawURLEncoding.EncodeToString([]byte(p.at))}, ".")
}

func parseCursor(cursor string) (place, error) {
	parts := strings.Split(cursor, ".")
	if len(parts) == 4 && parts[0] == cursorMark && (parts[2] == "users" || parts[2] == "awaited") {
		at, err := base64.RawURLEncoding.DecodeString(parts[3])
		if err == nil {
			return place{listing: parts[1], tail: parts[2] == "awaited", at: string(at)}, nil
		}
	}
	return place{}, directory.Errorf(directory.KindInvalid, "", "the cursor is not one of ours")
}

// ListMembers implements [directory.Backend]. The pages are the service
// provider's, and then those of the people whom it is yet to have. Users without
// an address are nobody's member: they are counted in [directory.Capabilities.Notes].
func (b *Backend) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	const op = "list members"
	v, err := b.view(ctx)
	if err != nil {
		return directory.MemberPage{}, inOp(op, err)
	}
	page, err := b.listMembers(ctx, v, org, cursor)
	return page, inOp(op, err)
}

func (b *Backend) listMembers(ctx context.Context, v *view, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	if cursor == "" {
		id, l := b.listings.begin(org)
		return b.usersPage(ctx, v, l, place{listing: id})
	}
	at, err := parseCursor(cursor)
	if err != nil {
		return directory.MemberPage{}, err
	}
	l := b.listings.find(at.listing)
	switch {
	case l == nil:
		return directory.MemberPage{}, directory.Errorf(directory.KindConflict, "", "the listing was begun too long ago")
	case l.org != org:
		return directory.MemberPage{}, directory.Errorf(directory.KindInvalid, "", "the cursor is of another organization")
	case at.tail:
		return b.awaitedPage(ctx, v, l, at)
	}
	return b.usersPage(ctx, v, l, at)
}

// usersPage is a page of the service provider's.
func (b *Backend) usersPage(ctx context.Context, v *view, l *listing, at place) (directory.MemberPage, error) {
	if at.at == "" && v.grouped() {
		b.refresh()
	}
	page, err := b.client.List(ctx, protocol.ListRequest{Kind: protocol.Users, Cursor: at.at})
	if err != nil {
		return directory.MemberPage{}, err
	}
	var out directory.MemberPage
	l.shown += len(page.Resources)
	for _, user := range page.Resources {
		m, is, err := b.listed(ctx, v, l, user)
		if err != nil {
			return directory.MemberPage{}, err
		}
		if is {
			out.Members = append(out.Members, m)
		}
	}
	next := place{listing: at.listing, at: page.Next}
	if page.Next == "" {
		l.complete, next.tail = page.Complete, true
		if page.Complete {
			b.learnt.wholeUsers.note(l.shown)
		}
		b.learnt.nameless.Store(l.nameless)
		if !page.Complete {
			// Whom the listing has left out cannot be told from whom the service
			// provider is yet to have.
			b.listings.end(l)
			return out, nil
		}
	}
	out.Next = next.cursor()
	return out, nil
}

// refresh makes the listing see groups as they are now, and not as they were a
// moment ago.
func (b *Backend) refresh() {
	b.groups.expire()
	if b.learnt.tells.Load() != tellsAll {
		b.members.expire()
	}
}

// listed is the member that a user is, if any.
func (b *Backend) listed(ctx context.Context, v *view, l *listing, user protocol.Resource) (directory.ObservedMember, bool, error) {
	address, is := addressOf(l.org, user)
	if !is {
		if address == "" {
			l.nameless++
		}
		return directory.ObservedMember{}, false, nil
	}
	l.note(address)
	s, err := b.admission(ctx, person{l.org, address})
	if err != nil {
		return directory.ObservedMember{}, false, err
	}
	s.user = user
	m, err := b.observed(ctx, v, s)
	return m, true, err
}

// awaitedPage is a page of those whom the service provider is yet to have, and
// of those who came to it while the listing was read.
func (b *Backend) awaitedPage(ctx context.Context, v *view, l *listing, at place) (directory.MemberPage, error) {
	size := min(max(v.features.PageSize, 1), admissionsAtOnce)
	found, err := b.admissions.Admissions(ctx, l.org, at.at, size)
	if err != nil {
		return directory.MemberPage{}, err
	}
	var out directory.MemberPage
	for _, a := range found {
		at.at = a.Address
		m, is, err := b.awaited(ctx, v, l, a)
		if err != nil {
			return directory.MemberPage{}, err
		}
		if is {
			out.Members = append(out.Members, m)
		}
	}
	if len(found) == size {
		out.Next = at.cursor()
		return out, nil
	}
	out.Complete = l.complete
	b.listings.end(l)
	return out, nil
}

func (b *Backend) awaited(ctx context.Context, v *view, l *listing, a directory.Admission) (directory.ObservedMember, bool, error) {
	if l.saw(a.Address) {
		return directory.ObservedMember{}, false, nil
	}
	s := sight{person: person{l.org, a.Address}, admission: a}
	l.mu.Lock()
	touched := l.touched[a.Address]
	l.mu.Unlock()
	if touched {
		var err error
		if s, err = b.look(ctx, v, s.person); err != nil {
			return directory.ObservedMember{}, false, err
		}
	}
	if !s.exists() {
		return directory.ObservedMember{}, false, nil
	}
	m, err := b.observed(ctx, v, s)
	return m, true, err
}
