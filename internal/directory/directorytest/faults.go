package directorytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// playTime bounds one play of a scenario, so that a backend that hangs fails
// its test. It is far more than a play takes, on a machine that is busy too.
const playTime = 5 * time.Minute

// RunFaults plays scenarios, each once undisturbed, and then again for every
// request that it took and every fault of [wirefault.All], with that fault at
// that request; and once for every request with two faults in a row. Each step
// is repeated as the controllers do, as the table at [directory.Kind] says. Then
// the way is mended, what is wanted in the end is declared once more, as by a
// resync, and the state that can be observed must be that of the undisturbed
// play.
//
// newFixture is called for every play, by several goroutines at once: a few
// thousand times for a backend that needs some requests for a call. Its fixtures
// have a Wire and share nothing. Their backends wait for an answer as long as a
// busy machine needs to give one, and no longer: a few seconds, say. Plays with
// [wirefault.Slow] and [wirefault.Late] last that long; many of them are played at
// once, and of the others as many as there are processors for, whatever -parallel
// says. With the race detector, or -short, it plays one in fourteen, of every
// request and with every fault: run it without, too.
func RunFaults(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	part := share{of: shares}
	if testing.Short() {
		part.of = manyShares
	}
	seats := newSeats()
	var all sync.WaitGroup
	for _, sc := range scenarios() {
		all.Go(func() {
			t.Run(sc.name, func(t *testing.T) {
				if r := rehearseOnce(t, seats, sc, newFixture); r != nil {
					r.performAll(t, seats, part, newFixture)
				}
			})
		})
	}
	all.Wait()
}

// rehearseOnce returns nil when the backend has nothing to play the scenario with.
func rehearseOnce(t *testing.T, in *seats, sc scenario, newFixture func(t *testing.T) Fixture) *rehearsal {
	t.Helper()
	defer take(in.busy)()
	f, err := wired(newFixture(t))
	if err != nil {
		t.Fatal(err)
	}
	if can := f.can(); sc.needs != nil && !sc.needs(f, can) {
		t.Skip("the backend cannot do this, or the fixture has no hook for it")
	}
	r, err := rehearse(t.Context(), newFixture(t), sc)
	if err != nil {
		t.Fatalf("without a fault: %v", err)
	}
	return r
}

// manyShares is how many shares there are where all plays take too long.
const manyShares = 14

// share is a part of all plays.
type share struct {
	// of is how many shares there are. Up to 15, each of them has a play of every
	// request, and over as many requests as there are shares one of every fault.
	of int
	// nth is which one it is, from 0.
	nth int
}

// has reports whether a play is part of the share.
func (s share) has(request, play int) bool {
	return s.of < 2 || (request+play)%s.of == s.nth%s.of
}

// rehearsal is what an undisturbed play was like.
type rehearsal struct {
	scenario scenario
	can      directory.Capabilities
	// steps names the step that made each request.
	steps []string
	end   string
}

// performAll plays every mishap of the share, each in a test of its own.
func (r *rehearsal) performAll(t *testing.T, in *seats, part share, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	var all sync.WaitGroup
	for n := range r.steps {
		for _, m := range r.mishaps(n+1, part) {
			all.Go(func() {
				defer take(in.of(m))()
				t.Run(fmt.Sprintf("request %d/%s", m.request, m.faults()), func(t *testing.T) {
					r.report(t, m, r.perform(t.Context(), newFixture(t), m))
				})
			})
		}
	}
	all.Wait()
}

func (r *rehearsal) report(t *testing.T, m mishap, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %s at request %d of %d, in the step %q:\n%v",
			r.scenario.name, m.faults(), m.request, len(r.steps), r.steps[m.request-1], err)
	}
}

// wired returns the fixture if there is a wire to break.
func wired(f Fixture) (Fixture, error) {
	if f.Wire == nil {
		return f, errors.New("a fixture for RunFaults needs a Wire")
	}
	return f, f.validate()
}

// mishap is where a play is disturbed, and how.
type mishap struct {
	// request is the number of the request that breaks, from 1.
	request int
	first   wirefault.Fault
	// second breaks the first request of the next attempt; empty for nothing.
	second wirefault.Fault
}

func (m mishap) faults() string {
	if m.second == "" {
		return string(m.first)
	}
	return fmt.Sprintf("%s and %s", m.first, m.second)
}

// rehearse plays the scenario undisturbed.
func rehearse(ctx context.Context, f Fixture, sc scenario) (*rehearsal, error) {
	ctx, cancel := context.WithTimeout(ctx, playTime)
	defer cancel()
	r := &rehearsal{scenario: sc, can: f.can()}
	p := newPlay(ctx, f, r)
	r.end = p.run()
	r.steps = p.requests
	return r, p.err
}

// mishaps are those of a request: every single fault, and one pair in a row, so
// that over a scenario every fault is the first and the second.
func (r *rehearsal) mishaps(request int, part share) []mishap {
	faults, n := wirefault.All(), request-1
	all := []mishap{{request: request, first: faults[n%len(faults)], second: faults[(5*n+1)%len(faults)]}}
	for _, fault := range faults {
		all = append(all, mishap{request: request, first: fault})
	}
	var mine []mishap
	for i, m := range all {
		if part.has(request, i) {
			mine = append(mine, m)
		}
	}
	return mine
}

// perform plays the scenario disturbed, and compares what becomes of it.
func (r *rehearsal) perform(ctx context.Context, f Fixture, m mishap) error {
	f, err := wired(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, playTime)
	defer cancel()
	p := newPlay(ctx, f, r)
	p.mishap = m
	end := p.run()
	switch {
	case p.err != nil:
		return p.err
	case !p.struck:
		return errors.New("there was no such request, although there was one without the fault")
	}
	if diff := cmp.Diff(r.end, end); diff != "" {
		return fmt.Errorf("it ends otherwise than without the fault: (-want +got)\n%s", diff)
	}
	return nil
}
