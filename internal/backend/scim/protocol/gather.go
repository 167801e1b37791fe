package protocol

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
)

// gatherer lets jobs go together that wait for the same turn. Nobody waits for
// somebody to come: whose turn it is at once goes at once, and alone. Those of a
// lane go in the order in which they came; nobody overtakes.
//
// A caller that gives up leaves the others alone, and its job is not begun where it
// was not yet. What is under way ends with the last of its callers.
//
// What goes together is done by a goroutine of its own, since any of its callers may
// give up. When it panics, so do those of them who were told nothing yet: there may
// be somebody above them who recovers, and above that goroutine there is nobody.
type gatherer[J, R any] struct {
	// turn waits until something may go; nil where each thing waits for the end of
	// the one before it in the lane.
	turn func(context.Context) (*pass, error)
	// fits reports whether a job may go with those that go already.
	fits func(going []J, next J) bool
	// alone does one job for its caller. The pass may be nil.
	alone func(context.Context, J, *pass) (R, error)
	// together does several jobs, and tells of each by its place what became of it,
	// as soon as that is known.
	together func(ctx context.Context, jobs []J, p *pass, tell func(int, verdict[R]))

	mu    sync.Mutex
	lanes map[string]*lane[J, R]
}

// verdict is what became of a job.
type verdict[R any] struct {
	result R
	err    error
	// alone is true when nothing was done, and the caller is to do it alone: on the
	// turn, which it ends, when there is one.
	alone bool
	turn  *trip
	// panicked is what the caller is to panic with.
	panicked error
}

// lane are those who wait for a turn. It is there as long as somebody does, and
// where turn is nil as long as something is under way.
type lane[J, R any] struct {
	name    string
	waiting []*seat[J, R]
	// abandon ends the waiting for a turn.
	abandon context.CancelFunc
}

// seat is the place of a caller, who waits in a lane, or is part of a trip, or was
// told.
type seat[J, R any] struct {
	job J
	// least is how many go together at least.
	least int
	told  chan verdict[R]
	trip  *trip
}

// trip is a turn that one or several jobs have.
type trip struct {
	pass *pass
	// callers are those who have neither given up nor been told.
	callers int
	end     context.CancelCauseFunc
	ended   chan struct{}
}

// finish ends the turn.
func (t *trip) finish() {
	t.end(nil)
	t.pass.release()
	close(t.ended)
}

// do does the job, with others of the same lane where there are any: at least as
// many as least, else alone.
func (g *gatherer[J, R]) do(ctx context.Context, name string, least int, job J) (R, error) {
	if err := ctx.Err(); err != nil {
		return *new(R), err
	}
	s := &seat[J, R]{job: job, least: max(least, 1), told: make(chan verdict[R], 1)}
	g.join(context.WithoutCancel(ctx), name, s)
	select {
	case o := <-s.told:
		switch {
		case o.panicked != nil:
			panic(o.panicked)
		case o.turn != nil:
			defer o.turn.finish()
			return g.alone(ctx, job, o.turn.pass)
		case o.alone:
			return g.alone(ctx, job, nil)
		}
		return o.result, o.err
	case <-ctx.Done():
		g.giveUp(name, s, ctx.Err())
		return *new(R), ctx.Err()
	}
}

// join waits in the lane, or begins it.
func (g *gatherer[J, R]) join(root context.Context, name string, s *seat[J, R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lanes == nil {
		g.lanes = map[string]*lane[J, R]{}
	}
	l, there := g.lanes[name]
	if !there {
		wanted, abandon := context.WithCancel(root)
		l = &lane[J, R]{name: name, abandon: abandon}
		g.lanes[name] = l
		go func() {
			defer abandon()
			g.run(root, wanted, l)
		}()
	}
	l.waiting = append(l.waiting, s)
}

// run lets those of the lane go until nobody waits.
func (g *gatherer[J, R]) run(root, wanted context.Context, l *lane[J, R]) {
	defer func() {
		if why := recover(); why != nil {
			g.fail(l, verdict[R]{panicked: panicOf(why)})
		}
	}()
	for {
		t := &trip{ended: make(chan struct{})}
		if g.turn != nil {
			var err error
			if t.pass, err = g.turn(wanted); err != nil {
				g.fail(l, verdict[R]{err: err})
				return
			}
		}
		var ctx context.Context
		ctx, t.end = context.WithCancelCause(root)
		going := g.board(l, t)
		switch {
		case len(going) == 0:
			t.finish()
			return
		case going[0].trip != nil:
			go g.travel(ctx, t, going)
		}
		if g.turn == nil {
			<-t.ended
		}
	}
}

// board gives the turn to those who go together: from whoever has waited longest to
// the first who does not fit. Where they are too few it gives it to the first alone,
// and tells them. It returns nobody when nobody waits, and the lane is over then.
func (g *gatherer[J, R]) board(l *lane[J, R], t *trip) []*seat[J, R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(l.waiting) == 0 {
		g.remove(l)
		return nil
	}
	jobs := []J{l.waiting[0].job}
	for _, s := range l.waiting[1:] {
		if !g.fits(jobs, s.job) {
			break
		}
		jobs = append(jobs, s.job)
	}
	if len(jobs) < l.waiting[0].least {
		first := l.waiting[0]
		l.waiting = l.waiting[1:]
		first.told <- verdict[R]{alone: true, turn: t}
		return []*seat[J, R]{first}
	}
	going := l.waiting[:len(jobs):len(jobs)]
	l.waiting = l.waiting[len(jobs):]
	t.callers = len(going)
	for _, s := range going {
		s.trip = t
	}
	return going
}

// travel does the jobs that go together.
func (g *gatherer[J, R]) travel(ctx context.Context, t *trip, going []*seat[J, R]) {
	defer t.finish()
	jobs := make([]J, len(going))
	untold := make(map[int]bool, len(going))
	for i, s := range going {
		jobs[i], untold[i] = s.job, true
	}
	defer func() {
		if why := recover(); why != nil {
			for i := range untold {
				g.tell(going[i], verdict[R]{panicked: panicOf(why)})
			}
		}
	}()
	g.together(ctx, jobs, t.pass, func(i int, o verdict[R]) {
		delete(untold, i)
		g.tell(going[i], o)
	})
}

func (g *gatherer[J, R]) tell(s *seat[J, R], o verdict[R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.told <- o
	s.trip.callers--
}

// fail tells all who wait in the lane that there is no turn for them, and ends it.
func (g *gatherer[J, R]) fail(l *lane[J, R], o verdict[R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(l)
	for _, s := range l.waiting {
		s.told <- o
	}
	l.waiting = nil
}

// giveUp takes back a job that nobody waits for any more.
func (g *gatherer[J, R]) giveUp(name string, s *seat[J, R], why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lanes[name]; l != nil {
		if i := slices.Index(l.waiting, s); i >= 0 {
			l.waiting = slices.Delete(slices.Clone(l.waiting), i, i+1)
			if len(l.waiting) == 0 && g.turn != nil {
				g.remove(l)
				l.abandon()
			}
			return
		}
	}
	select {
	case o := <-s.told:
		if o.turn != nil {
			o.turn.finish()
		}
	default:
		if s.trip.callers--; s.trip.callers == 0 {
			s.trip.end(why)
		}
	}
}

// remove ends the lane. The lock is held.
func (g *gatherer[J, R]) remove(l *lane[J, R]) {
	if g.lanes[l.name] == l {
		delete(g.lanes, l.name)
	}
}

// panicOf is what callers panic with when what they shared did.
func panicOf(why any) error {
	return fmt.Errorf("%v, in what several callers shared\n%s", why, debug.Stack())
}

// abandonedBy reports whether whoever asked has given up, for another reason than
// that it took too long.
func abandonedBy(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}
