package phase

import (
	"context"
	"time"
)

// Word is the kind of an answer.
type Word int

const (
	// WordDone and the following are made by the functions of the same names.
	WordDone Word = iota
	// WordWaiting is made by [Waiting].
	WordWaiting
	// WordStalled is made by [Stalled].
	WordStalled
	// WordFailed is made by [Failed].
	WordFailed
	// WordHalted is made by [Halted].
	WordHalted
)

// Answer is what a phase says. The zero value is not an answer; use the functions.
type Answer struct {
	Word Word
	// Reason is a condition's reason: CamelCase.
	Reason string
	// Message is one sentence for whoever reads the condition: what to do next,
	// if anything; deterministic, without secrets.
	Message string
	// Until is when something is to be done although nothing changes; zero for never.
	Until time.Time
	// After is how long to wait before another look; 0 leaves it to the caller.
	After time.Duration
	// Brief is true when it is likely over within After: until then nobody is told.
	Brief bool
	// Err is why it failed; only with [WordFailed].
	Err error
}

// Done says that there is nothing to do until something changes.
func Done(reason, message string) Answer {
	return Answer{Word: WordDone, Reason: reason, Message: message}
}

// DoneUntil says that there is nothing to do before t, unless something changes.
func DoneUntil(t time.Time, reason, message string) Answer {
	return Answer{Word: WordDone, Reason: reason, Message: message, Until: t}
}

// Waiting says that something it depends on is not there yet. It is looked at
// again on that thing's event, and in any case after a while.
func Waiting(reason, message string) Answer {
	return Answer{Word: WordWaiting, Reason: reason, Message: message}
}

// WaitingFor is [Waiting] with a known time to look again.
func WaitingFor(after time.Duration, reason, message string) Answer {
	return Answer{Word: WordWaiting, Reason: reason, Message: message, After: after}
}

// Briefly is [WaitingFor] something that is likely there in a moment, and comes
// with an event. The object is left as it is until then, so that two writes of
// its status become one. Whoever answers so must not do it for ever: after the
// time is over, the answer is [Waiting].
func Briefly(after time.Duration, reason, message string) Answer {
	return Answer{Word: WordWaiting, Reason: reason, Message: message, After: after, Brief: true}
}

// Stalled says that only an edit by a human helps.
func Stalled(reason, message string) Answer {
	return Answer{Word: WordStalled, Reason: reason, Message: message}
}

// StalledUntil is [Stalled] where at a known time it becomes something else
// without an edit.
func StalledUntil(t time.Time, reason, message string) Answer {
	return Answer{Word: WordStalled, Reason: reason, Message: message, Until: t}
}

// Failed says that it went wrong and is to be tried again: after the given
// time, or with backoff when that is 0.
func Failed(err error, after time.Duration, reason, message string) Answer {
	return Answer{Word: WordFailed, Reason: reason, Message: message, After: after, Err: err}
}

// Halted says that on purpose nothing is to be done, about the object as a
// whole and not about this phase: it becomes Ready's own reason, and the other
// conditions stay as they are.
func Halted(reason, message string) Answer {
	return Answer{Word: WordHalted, Reason: reason, Message: message}
}

// Phase is one step of a reconcile.
type Phase[S any] struct {
	// Condition is the type of the condition that the step's answer becomes.
	Condition string
	// Run does the step on the scope of this reconcile.
	Run func(ctx context.Context, scope S) Answer
}

// Step is the answer that a phase gave.
type Step struct {
	Condition string
	Answer    Answer
}

// Outcome is what came of running phases: their answers, up to and with the
// first that is not done.
type Outcome struct {
	Steps []Step
	// Keep is true when conditions of phases that did not run stay as they are
	// whatever generation they speak of, as for a suspended object.
	Keep bool
}

// Last returns the answer that decides: the first that is not done, else the last.
func (o Outcome) Last() Answer {
	if len(o.Steps) == 0 {
		return Answer{}
	}
	return o.Steps[len(o.Steps)-1].Answer
}

// Until returns the earliest time at which a done step wants another look; zero for none.
func (o Outcome) Until() time.Time {
	earliest := time.Time{}
	for _, s := range o.Steps {
		t := s.Answer.Until
		if !t.IsZero() && (earliest.IsZero() || t.Before(earliest)) {
			earliest = t
		}
	}
	return earliest
}

// Run runs the phases in order and stops at the first that is not done.
func Run[S any](ctx context.Context, scope S, phases ...Phase[S]) Outcome {
	var out Outcome
	for _, p := range phases {
		a := p.Run(ctx, scope)
		if a.Word == WordHalted {
			return Only(a)
		}
		out.Steps = append(out.Steps, Step{Condition: p.Condition, Answer: a})
		if a.Word != WordDone {
			break
		}
	}
	return out
}

// Only is the outcome of a reconcile that ran no phases: what is said about the
// object as a whole. It becomes Ready alone, and no phase's condition.
func Only(a Answer) Outcome {
	return Outcome{Steps: []Step{{Answer: a}}, Keep: true}
}
