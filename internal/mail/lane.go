package mail

import (
	"context"
	"maps"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// A server that failed is left alone for minPause, and for twice as long
	// after each further failure, up to maxPause.
	minPause = time.Second
	maxPause = 30 * time.Second
	// memory is how long a failure is remembered when nothing more is sent.
	memory = time.Hour
)

// lane is the part of the outbox that writes to one mail server. Its fields
// are guarded by [Outbox.mu].
//
// A server that was not heard of yet gets one connection, and one that works as
// many as there are workers. A failure of the server hands back at once
// whatever waits for it; then it is left alone for a while, and after that gets
// one delivery at a time until it works again. So neither connections nor
// claims are held by mail that cannot go.
type lane struct {
	waiting []parked
	// senders counts the goroutines that empty it.
	senders int
	// moved is when an attempt ended last, or the first one began.
	moved time.Time
	// proven is true when the server's last word was sensible.
	proven bool
	// stalled is true from when its waiting deliveries had to make room until
	// the server takes something again.
	stalled  bool
	failures int
	// downUntil and why are about the last failure.
	downUntil time.Time
	why       string
}

// refusal tells why the lane takes nothing now; "" when it does.
func (l *lane) refusal(now time.Time) string {
	switch {
	case now.Before(l.downUntil), l.failures > 0 && l.senders > 0:
		return l.why
	case l.stalled && l.senders > 0:
		return tooSlow
	default:
		return ""
	}
}

// forgettable is true of an empty lane about which there is nothing to remember.
func (l *lane) forgettable(now time.Time) bool {
	return l.senders == 0 && len(l.waiting) == 0 &&
		(l.failures == 0 || now.After(l.downUntil.Add(memory)))
}

// lesson is what an attempt taught about the server.
type lesson int

const (
	lessonNone lesson = iota
	lessonWorks
	lessonDown
)

// accept puts a claimed delivery into its lane, or hands it back.
func (o *Outbox) accept(sending context.Context, d directory.Delivery) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held++
	l := o.lanes[d.Mail.Server]
	if l == nil {
		l = &lane{moved: o.Clock.Now()}
		o.lanes[d.Mail.Server] = l
	}
	if why := l.refusal(o.Clock.Now()); why != "" {
		o.senders.Go(func() { o.handBack(sending, []directory.Delivery{d}, why) })
		return
	}
	if l.senders == 0 {
		l.moved = o.Clock.Now()
	}
	l.waiting = append(l.waiting, park(d, o.Clock.Now()))
	o.staff(sending, d.Mail.Server, l)
}

// staff starts as many senders as there is work and leave for. The caller
// holds the lock.
func (o *Outbox) staff(sending context.Context, name string, l *lane) {
	most := 1
	if l.proven {
		most = o.Workers
	}
	for work := len(l.waiting); work > 0 && l.senders < most; work-- {
		l.senders++
		o.senders.Go(func() { o.empty(sending, name, l) })
	}
}

// empty sends what waits in the lane, over one connection as long as that works.
func (o *Outbox) empty(sending context.Context, name string, l *lane) {
	var s *session
	for {
		d, ok := o.next(sending, l)
		if !ok {
			break
		}
		a := o.try(sending, d, s)
		s = a.session
		waiting := o.learn(sending, name, l, a)
		o.finish(sending, d, a.outcome)
		o.handBack(sending, waiting, a.outcome.Reason)
	}
	o.discard(sending, s)
}

// forget keeps the map from growing with every server ever used. The caller
// holds the lock.
func (o *Outbox) forget() {
	now := o.Clock.Now()
	maps.DeleteFunc(o.lanes, func(_ string, l *lane) bool { return l.forgettable(now) })
}

// next takes a delivery from the lane, or signs the sender off.
func (o *Outbox) next(sending context.Context, l *lane) (directory.Delivery, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.recallFrom(sending, l)
	if len(l.waiting) == 0 {
		l.senders--
		o.forget()
		return directory.Delivery{}, false
	}
	d := l.waiting[0].delivery
	l.waiting = l.waiting[1:]
	return d, true
}

// learn draws the consequences of an attempt for the lane, and returns the
// deliveries that have to be handed back because of it.
func (o *Outbox) learn(sending context.Context, name string, l *lane, a attempt) []directory.Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.Clock.Now()
	l.moved = now
	switch {
	case a.lesson == lessonNone:
		return nil
	case a.lesson == lessonWorks:
		l.proven, l.stalled, l.failures, l.downUntil = true, false, 0, time.Time{}
		o.staff(sending, name, l)
		return nil
	case !now.Before(l.downUntil):
		// Connections that fail together are one failure.
		l.downUntil = now.Add(min(maxPause, minPause<<min(l.failures, 8)))
		l.failures++
		o.Log.Info("mail server cannot be used", "server", name, "reason", a.outcome.Reason, "failures", l.failures)
	}
	l.proven, l.why = false, a.outcome.Reason
	return l.unpark()
}
