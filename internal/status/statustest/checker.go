package statustest

import (
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Checker checks every state of objects that it is shown, and how an object's
// states follow each other. It may be used by many goroutines at once, as long
// as each object is shown by one.
type Checker struct {
	vocabulary Vocabulary

	mu         sync.Mutex
	last       map[types.UID]state
	violations []string
}

// NewChecker returns a Checker whose vocabulary are the reasons of the API. It
// panics outside of this repository; see [APIVocabulary].
func NewChecker() *Checker { return NewCheckerWith(APIVocabulary()) }

// NewCheckerWith returns a Checker with a vocabulary of its own; nil allows all reasons.
func NewCheckerWith(v Vocabulary) *Checker {
	return &Checker{vocabulary: v, last: map[types.UID]state{}}
}

// Observe looks at the next state of an object and returns which rules it
// breaks. An object's states must be shown in their order, and none be left
// out, as a watch does. An object that is created again under its name is
// another one.
func (c *Checker) Observe(o client.Object) []string {
	broken := Check(o, c.vocabulary)
	now, err := stateOf(o)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		if before, ok := c.last[now.uid]; ok {
			broken = append(broken, now.after(before)...)
		}
		c.last[now.uid] = now
	}
	c.violations = append(c.violations, broken...)
	return broken
}

// Forget makes the next state of the object the first one: for a test that
// takes the status away, as a restore from a backup does.
func (c *Checker) Forget(o client.Object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.last, o.GetUID())
}

// Violations returns everything that was found so far, in order.
func (c *Checker) Violations() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// after are the rules about two successive states.
func (s state) after(before state) []string {
	var broken []string
	say := func(format string, args ...any) {
		broken = append(broken, s.name+": "+fmt.Sprintf(format, args...))
	}
	if s.status.ObservedGeneration < before.status.ObservedGeneration {
		say("status.observedGeneration went back from %d to %d", before.status.ObservedGeneration, s.status.ObservedGeneration)
	}
	for i := range before.status.Conditions {
		was := &before.status.Conditions[i]
		is := s.condition(was.Type)
		switch {
		case is == nil && !comesAndGoes(was.Type):
			say("%s is not there any more", was.Type)
		case is != nil:
			broken = append(broken, s.transition(was, is)...)
		}
	}
	return broken
}

// comesAndGoes is true for the conditions that are present only while True.
func comesAndGoes(kind string) bool {
	return kind == reconciling || kind == stalled || kind == removalBlocked
}

// transition are the rules about a condition that was there before.
func (s state) transition(was, is *metav1.Condition) []string {
	then, now := was.LastTransitionTime, is.LastTransitionTime
	var broken []string
	if is.Status == was.Status && !now.Equal(&then) {
		broken = append(broken, fmt.Sprintf("%s: %s is %s as before, and its lastTransitionTime is another", s.name, is.Type, is.Status))
	}
	if now.Before(&then) {
		broken = append(broken, fmt.Sprintf("%s: the lastTransitionTime of %s went back", s.name, is.Type))
	}
	if is.ObservedGeneration < was.ObservedGeneration {
		broken = append(broken, fmt.Sprintf("%s: %s went back from generation %d to %d", s.name, is.Type, was.ObservedGeneration, is.ObservedGeneration))
	}
	return broken
}
