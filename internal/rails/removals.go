package rails

import "time"

// Limit is how much may happen within a time before somebody is asked.
type Limit struct {
	// Percent of the people of the organization.
	Percent int
	// Floor is how many in any case.
	Floor int
	// Window is the time within which they are added up.
	Window time.Duration
}

// Of is how many may go of so many people.
func (l Limit) Of(people int) int {
	return max(l.Floor, people*l.Percent/100)
}

// Wave is what is seen of the removals of one organization.
type Wave struct {
	// Living are the people who stay, as far as is declared.
	Living int
	// Waiting are those who are to go, and have not been let go.
	Waiting int
	// Done were let go within the window, but for those whom a person approved.
	Done int
	// Held is true when they were stopped before, and HeldDone what Done was then.
	Held     bool
	HeldDone int
	// Settled is true when nobody has joined them for a while.
	Settled bool
}

// done is what counts as done: a stop does not end by waiting.
func (w Wave) done() int {
	if w.Held {
		return max(w.Done, w.HeldDone)
	}
	return w.Done
}

// Total is how many would go in all.
func (w Wave) Total() int { return w.Waiting + w.done() }

// People is how many there were before the first went.
func (w Wave) People() int { return w.Living + w.Total() }

// Verdict says what follows for those who wait.
type Verdict int

const (
	// Idle: nobody waits.
	Idle Verdict = iota
	// Settle: wait and see how many there will be.
	Settle
	// Pass: all of them may go.
	Pass
	// Stop: nobody may go until somebody approves it.
	Stop
)

// Judge decides on a wave. Too many are stopped at once; few wait until they
// have settled, because a prune deletes one at a time.
func Judge(l Limit, w Wave) Verdict {
	switch {
	case w.Waiting == 0:
		return Idle
	case w.Total() > l.Of(w.People()):
		return Stop
	case !w.Settled:
		return Settle
	default:
		return Pass
	}
}

// leastDelay is how long a deletion waits at least after it was seen, unless the
// delay is shorter.
const leastDelay = 5 * time.Second

// Due is when a deletion takes effect: after the delay, counted from the
// deletion. Its time is another machine's, whose clock may differ in either
// direction, so it is bounded by when the deletion was seen first: were that
// clock ahead, nobody would go for as long, and were it behind, a renamed
// manifest would have no time to appear.
func Due(deleted, seen time.Time, delay time.Duration) time.Time {
	due := deleted.Add(delay)
	if latest := seen.Add(delay); due.After(latest) {
		return latest
	}
	if earliest := seen.Add(min(delay, leastDelay)); due.Before(earliest) {
		return earliest
	}
	return due
}
