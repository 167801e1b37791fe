package scim

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// crowded is how many were found unchanged one by one, within crowdWindow, when
	// a listing is read instead: after a restart everybody is looked at.
	crowded     = 50
	crowdWindow = 30 * time.Second
	// crowdAge is how long a page of that listing answers for whom it showed, and
	// crowdPause how soon the next is read.
	crowdAge   = 2 * time.Minute
	crowdPause = 5 * time.Minute
	// crowdShare is how many people of ours a page must show on average: a listing
	// that shows others only is broken off.
	crowdShare = 5
	// crowdMost bounds how many are kept.
	crowdMost = 20_000
)

// crowd answers for many who are looked at within a short time, and of whom
// nothing has changed, with one listing. It answers once for each, and only that
// nothing is to be done: whoever is to be changed is read first.
type crowd struct {
	clock clock.PassiveClock
	// turn is held by whoever reads the listing.
	turn chan struct{}

	mu sync.Mutex
	// unchanged are the times at which somebody was found unchanged by themselves.
	unchanged []time.Time
	// readAt is when the last listing ended.
	readAt  time.Time
	reading bool
	shown   map[person]shown
	// people are whom the users shown are, by id.
	people map[string]person
	// touched are users who were changed while a listing was read; everybody is
	// when all is true.
	touched map[string]bool
	all     bool
}

// shown is a user as a page showed them.
type shown struct {
	user protocol.Resource
	at   time.Time
}

func newCrowd(c clock.PassiveClock) *crowd {
	return &crowd{clock: c, turn: make(chan struct{}, 1)}
}

// found counts somebody who was found unchanged by themselves.
func (c *crowd) found() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unchanged = append(c.unchanged, c.clock.Now())
	if len(c.unchanged) > crowded {
		c.unchanged = c.unchanged[1:]
	}
}

// isDue reports whether a listing is to be read.
func (c *crowd) isDue() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.readAt.IsZero() && c.clock.Since(c.readAt) >= crowdAge {
		// It answers for nobody any more.
		c.shown, c.people = nil, nil
	}
	if c.reading {
		return true
	}
	many := len(c.unchanged) == crowded && c.clock.Since(c.unchanged[0]) < crowdWindow
	return many && (c.readAt.IsZero() || c.clock.Since(c.readAt) >= crowdPause)
}

// take returns the user who is the person, as the listing has shown them, once.
func (c *crowd) take(p person) (protocol.Resource, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, is := c.shown[p]
	delete(c.shown, p)
	delete(c.people, s.user.ID())
	return s.user, is && s.user.ID() != "" && c.clock.Since(s.at) < crowdAge
}

// touch makes the listing not answer for a user who was changed; for nobody when
// the id is empty.
func (c *crowd) touch(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, is := c.people[id]; is {
		delete(c.shown, p)
		delete(c.people, id)
	}
	if id == "" {
		c.shown, c.people = map[person]shown{}, map[string]person{}
	}
	if c.reading {
		c.touched[id], c.all = true, c.all || id == ""
	}
}

func (c *crowd) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading, c.touched, c.all = true, map[string]bool{}, false
	c.shown, c.people, c.unchanged = map[person]shown{}, map[string]person{}, nil
}

func (c *crowd) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading, c.touched, c.readAt = false, nil, c.clock.Now()
}

// show keeps the users of a page, and reports whether there is room for more.
func (c *crowd) show(org directory.OrganizationID, users []protocol.Resource, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, user := range users {
		a, is := addressOf(org, user)
		if !is || c.all || c.touched[user.ID()] {
			continue
		}
		p := person{org, a}
		if _, twice := c.shown[p]; twice {
			// Who of them is meant is to be found out.
			user = protocol.Resource{}
		}
		c.shown[p], c.people[user.ID()] = shown{user, at}, p
	}
	return len(c.shown) < crowdMost
}

// ask returns the user who is the person when a listing that many share has shown
// them. It reads one when many have asked for themselves; whoever is new, or has
// accepted and is to be let in, does not wait for that. That one could not be read is
// nothing: then each is looked for.
func (b *Backend) ask(ctx context.Context, s sight) (protocol.Resource, bool, error) {
	if !s.admitted() || s.admission.State == directory.MemberActive && !s.admission.Provisioned {
		return protocol.Resource{}, false, nil
	}
	if b.crowd.isDue() {
		select {
		case b.crowd.turn <- struct{}{}:
		case <-ctx.Done():
			return protocol.Resource{}, false, ctx.Err()
		}
		if b.crowd.isDue() {
			b.readCrowd(ctx, s.org)
		}
		<-b.crowd.turn
	}
	user, is := b.crowd.take(s.person)
	return user, is, nil
}

func (b *Backend) readCrowd(ctx context.Context, org directory.OrganizationID) {
	b.crowd.begin()
	defer b.crowd.end()
	request := protocol.ListRequest{Kind: protocol.Users}
	ours := 0
	for pages := 1; ; pages++ {
		at := b.clock.Now()
		page, err := b.client.List(ctx, request)
		if err != nil || !b.crowd.show(org, page.Resources, at) || page.Next == "" {
			return
		}
		for _, user := range page.Resources {
			if of, _, is := parseUserKey(user.ExternalID()); is && of == org || b.learnt.noUserKey.Load() {
				ours++
			}
		}
		if ours < crowdShare*pages {
			return
		}
		request.Cursor = page.Next
	}
}

// unchanged reports whether nothing is to be done about somebody to whom a
// declaration is applied.
func (b *Backend) unchanged(v *view, s sight, m directory.Member) bool {
	c, err := b.settle(v, s, m)
	return err == nil && s.there() && !s.unsettled() && (awaiting{Access: c.access}).empty() &&
		sameAdmission(c.known, c.last) && len(b.differences(v, s, c)) == 0
}
