package mail

import (
	"context"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// maxPerConnection is how many messages go over one connection; servers
	// commonly end one after a hundred.
	maxPerConnection = 50
	// maxReserve is the part of a claim that is kept for recording the outcome.
	maxReserve = 5 * time.Second
)

// attempt is how handing over one delivery went.
type attempt struct {
	outcome directory.DeliveryOutcome
	lesson  lesson
	// session is left for the next delivery; nil when there is none.
	session *session
}

// try hands one delivery over, on the session if there is one and it fits.
func (o *Outbox) try(sending context.Context, d directory.Delivery, s *session) attempt {
	ctx, cancel, why := o.limit(sending, d)
	if why != "" {
		return attempt{outcome: retry(why), session: s}
	}
	defer cancel()
	now := o.Clock.Now()
	defer func() { o.metrics.duration.Observe(o.Clock.Since(now).Seconds()) }()
	if !now.Before(d.ExpiresAt) {
		return attempt{outcome: rejected("the invitation ended before it could be sent"), session: s}
	}
	server, err := o.Servers.Server(ctx, d.Mail.Server)
	if err != nil {
		o.discard(sending, s)
		return attempt{outcome: retry(err.Error()), lesson: lessonDown}
	}
	m, err := Render(d, Sender{From: o.DefaultFrom, Date: now})
	switch {
	case directory.IsKind(err, directory.KindInvalid):
		return attempt{outcome: rejected(err.Error()), session: s}
	case err != nil:
		return attempt{outcome: retry(err.Error()), session: s}
	}
	m.depart = func(ctx context.Context) error { return o.Queue.Depart(ctx, d.ID) }
	return o.handOver(ctx, server, m, s)
}

func retry(why string) directory.DeliveryOutcome {
	return directory.DeliveryOutcome{Result: directory.ResultRetry, Reason: bounded(why)}
}

func rejected(why string) directory.DeliveryOutcome {
	return directory.DeliveryOutcome{Result: directory.ResultRejected, Reason: bounded(why)}
}

// limit bounds an attempt by its claim, less what recording needs. It says why
// there must be none at all.
func (o *Outbox) limit(ctx context.Context, d directory.Delivery) (context.Context, context.CancelFunc, string) {
	left := d.Deadline.Sub(o.Clock.Now())
	switch {
	case ctx.Err() != nil:
		return nil, nil, "the mail outbox was stopped first"
	case left <= 0:
		return nil, nil, tooLate
	}
	ctx, cancel := context.WithTimeout(ctx, left-min(maxReserve, left/4))
	return ctx, cancel, ""
}

// handOver sends m on s, or on a new session when s is nil, of another server,
// used up, or turns out to have been closed by the server meanwhile.
func (o *Outbox) handOver(ctx context.Context, server Server, m Message, s *session) attempt {
	if s != nil && (s.server != server || s.sent >= maxPerConnection) {
		o.discard(ctx, s)
		s = nil
	}
	if s != nil {
		f := s.send(ctx, m)
		if f == nil {
			return attempt{outcome: outcome(nil, server, m), lesson: lessonWorks, session: s}
		}
		s.close(ctx, replyCode(f.err) != 0)
		if f.result() != directory.ResultRetry || !f.ofServer() || ctx.Err() != nil {
			return failed(f, server, m)
		}
	}
	s, f := dial(ctx, server)
	if f != nil {
		return failed(f, server, m)
	}
	if f = s.send(ctx, m); f != nil {
		s.close(ctx, replyCode(f.err) != 0)
		return failed(f, server, m)
	}
	return attempt{outcome: outcome(nil, server, m), lesson: lessonWorks, session: s}
}

func failed(f *failure, server Server, m Message) attempt {
	a := attempt{outcome: outcome(f, server, m), lesson: lessonWorks}
	if f.ofServer() {
		a.lesson = lessonDown
	}
	return a
}

func (o *Outbox) discard(ctx context.Context, s *session) {
	if s != nil {
		s.close(ctx, true)
	}
}
