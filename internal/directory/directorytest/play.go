package directorytest

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// patience is how often a step is tried. One fault, or two in a row, need less,
// also where a backend must sign in again or listen to a request to slow down.
const patience = 8

// pause is how long the controllers wait at least before they try again.
const pause = time.Second

// play is one performance of a scenario.
type play struct {
	*scene

	scenario scenario
	mishap   mishap
	// began is the number of requests when the disturbed part began; less than 0
	// before.
	began int
	// doubled is true once the second fault was put in place, and struck once the
	// first came true.
	doubled, struck bool
	// requests names the step that made each request of the disturbed part.
	requests []string
	// wanted are the addresses of those who are declared in the end.
	wanted []string
}

func newPlay(ctx context.Context, f Fixture, r *rehearsal) *play {
	s := newScene(ctx, f)
	s.can = r.can
	return &play{scene: s, scenario: r.scenario, began: -1}
}

// run plays everything and returns the end state.
func (p *play) run() string {
	if p.scenario.prepare != nil {
		p.scenario.prepare(p)
	}
	p.began = p.f.Wire.Requests()
	if p.mishap.request > 0 {
		p.f.Wire.Break(p.mishap.request, p.mishap.first)
	}
	p.scenario.act(p)
	p.struck = p.made() >= p.mishap.request
	p.f.Wire.Mend()
	p.began = -1
	p.scenario.settle(p)
	p.prune()
	p.quiet()
	return p.snapshot()
}

// made counts the requests of the disturbed part so far.
func (p *play) made() int { return p.f.Wire.Requests() - p.began }

// step makes a call, and makes it again as the controllers do.
func (p *play) step(what string, call func() error) {
	if p.err != nil {
		return
	}
	var err error
	for range patience {
		err = call()
		p.note(what)
		if err == nil || !again(err) {
			break
		}
		p.escalate()
		if p.f.Wait != nil {
			p.f.Wait(max(directory.RetryAfter(err), pause))
		}
	}
	p.done(what, err)
}

// again is the part of the table at [directory.Kind] that is about calls which
// may have taken effect or not.
func again(err error) bool {
	return slices.Contains([]directory.Kind{
		directory.KindUnavailable, directory.KindRateLimited, directory.KindConflict, directory.KindInternal,
		directory.KindCredentials, directory.KindDenied,
	}, directory.KindOf(err))
}

// note attributes the requests since the last call to the step.
func (p *play) note(what string) {
	for p.began >= 0 && len(p.requests) < p.made() {
		p.requests = append(p.requests, what)
	}
}

// escalate puts the second fault in the way of the next attempt.
func (p *play) escalate() {
	if p.mishap.second != "" && !p.doubled && p.began >= 0 && p.made() >= p.mishap.request {
		p.doubled = true
		p.f.Wire.Break(1, p.mishap.second)
	}
}

// quiet declares all once more, which must be quiet. One play of each request is
// enough for that.
func (p *play) quiet() {
	once := p.mishap.request == 0 || p.mishap.second != ""
	if p.f.Writes == nil || p.err != nil || !once {
		return
	}
	n := p.declares()
	if late := wirefault.Late; n == 1 && (p.mishap.first == late || p.mishap.second == late) {
		// The one thing that came after everything was settled, a second group of one
		// name say, is only seen by the listing that was read since, and put right now.
		n = p.declares()
	}
	if n != 0 {
		p.failf("declaring once more what is wanted made %d writes although nothing differed", n)
	}
}

// declares declares all once more, and returns how many writes that made.
func (p *play) declares() int64 {
	before := p.writes()
	p.scenario.settle(p)
	return p.writes() - before
}

// prune removes whoever is not declared, as an organization does that is asked
// to: somebody may have been created late under an address that is not theirs any
// more.
func (p *play) prune() {
	how := away(p.can)
	if p.scenario.ends || how == "" {
		return
	}
	all, _ := p.everybody()
	for _, m := range all {
		if !slices.Contains(p.wanted, m.Address) {
			p.removes(m.Address, how)
		}
	}
}

// everybody reads a listing, and begins anew as often as it is asked to. It
// returns whether the listing was complete.
func (p *play) everybody() ([]directory.ObservedMember, bool) {
	var all []directory.ObservedMember
	var complete bool
	p.step("list", func() error {
		all = nil
		for cursor := ""; ; {
			page, err := p.f.Backend.ListMembers(p.ctx, p.org, cursor)
			if err != nil {
				return err
			}
			all = append(all, page.Members...)
			if cursor, complete = page.Next, page.Complete; cursor == "" {
				return nil
			}
		}
	})
	return all, complete
}
