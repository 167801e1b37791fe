package protocol

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// gatherer lets jobs go together that are asked for at the same time. A job that
// comes while none is under way goes at once; those that come meanwhile wait, and
// go together when that one has ended. Nobody waits for somebody to come.
//
// A caller that gives up leaves the others alone. What is under way ends with the
// last of its callers.
type gatherer[J, R any] struct {
	// fits reports whether a job may go with those that go already.
	fits func(going []J, next J) bool
	// alone does one job for its caller.
	alone func(context.Context, J) (R, error)
	// together does several jobs, and returns for each, in order, what became of it.
	together func(context.Context, []J) []verdict[R]

	mu sync.Mutex
	// lanes are those on which something is under way.
	lanes map[string]*lane[J, R]
}

// verdict is what became of a job.
type verdict[R any] struct {
	result R
	err    error
	// alone is true when nothing was done, and the caller is to do it alone.
	alone bool
	// turn is true when the lane waits until the caller has done that.
	turn bool
}

// lane is where one thing is under way at a time.
type lane[J, R any] struct {
	waiting []*seat[J, R]
}

// seat is the place of a caller.
type seat[J, R any] struct {
	job J
	// least is how many go together at least.
	least int
	told  chan verdict[R]
	// trip is what it is part of; nil for one that waits, and for one that is alone.
	trip *trip
}

// trip is several jobs that are under way together.
type trip struct {
	// callers are those who have not given up.
	callers int
	end     context.CancelCauseFunc
}

// do does the job, with others of the same lane where there are any: at least as
// many as least, else alone.
func (g *gatherer[J, R]) do(ctx context.Context, name string, least int, job J) (R, error) {
	if err := ctx.Err(); err != nil {
		return *new(R), err
	}
	s := &seat[J, R]{job: job, least: max(least, 1), told: make(chan verdict[R], 1)}
	root := context.WithoutCancel(ctx)
	g.join(root, name, s)
	select {
	case o := <-s.told:
		if o.turn {
			defer g.next(root, name)
		}
		if o.alone {
			return g.alone(ctx, job)
		}
		return o.result, o.err
	case <-ctx.Done():
		g.giveUp(root, name, s, ctx.Err())
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
	l, busy := g.lanes[name]
	if !busy {
		l = &lane[J, R]{}
		g.lanes[name] = l
	}
	l.waiting = append(l.waiting, s)
	if !busy {
		g.depart(root, name, l)
	}
}

// next is called when what was under way has ended.
func (g *gatherer[J, R]) next(root context.Context, name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.depart(root, name, g.lanes[name])
}

// depart lets those go who wait, as far as they fit together, or ends the lane.
// The lock is held.
func (g *gatherer[J, R]) depart(root context.Context, name string, l *lane[J, R]) {
	going := g.board(l)
	switch {
	case len(going) == 0:
		delete(g.lanes, name)
	case len(going) < going[0].least:
		l.waiting = slices.Concat(going[1:], l.waiting)
		going[0].told <- verdict[R]{alone: true, turn: true}
	default:
		ctx, end := context.WithCancelCause(root)
		t := &trip{callers: len(going), end: end}
		for _, s := range going {
			s.trip = t
		}
		go func() {
			defer g.next(root, name)
			defer end(nil)
			g.travel(ctx, going)
		}()
	}
}

// board takes those out of the lane who go together: whoever has waited longest,
// and who fits.
func (g *gatherer[J, R]) board(l *lane[J, R]) []*seat[J, R] {
	var going, left []*seat[J, R]
	var jobs []J
	for _, s := range l.waiting {
		if len(going) > 0 && !g.fits(jobs, s.job) {
			left = append(left, s)
			continue
		}
		going, jobs = append(going, s), append(jobs, s.job)
	}
	l.waiting = left
	return going
}

func (g *gatherer[J, R]) travel(ctx context.Context, going []*seat[J, R]) {
	jobs := make([]J, len(going))
	for i, s := range going {
		jobs[i] = s.job
	}
	for i, o := range g.together(ctx, jobs) {
		going[i].told <- o
	}
}

// giveUp takes back a job that nobody waits for any more.
func (g *gatherer[J, R]) giveUp(root context.Context, name string, s *seat[J, R], why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lanes[name]
	if l != nil {
		if i := slices.Index(l.waiting, s); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			return
		}
	}
	if s.trip != nil {
		if s.trip.callers--; s.trip.callers == 0 {
			s.trip.end(why)
		}
		return
	}
	// It was given its turn at the same moment.
	g.depart(root, name, l)
}

// abandonedBy reports whether whoever asked has given up, for another reason than
// that it took too long.
func abandonedBy(ctx context.Context) bool {
	return errors.Is(ctx.Err(), context.Canceled) && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}
