package statustest

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The conditions that have rules of their own.
const (
	ready                = "Ready"
	reconciling          = "Reconciling"
	stalled              = "Stalled"
	removalBlocked       = "RemovalBlocked"
	pending              = "Pending"
	accepted             = "Accepted"
	awaitingConfirmation = "AwaitingConfirmation"
)

// Check returns which rules the object's status breaks, one sentence each; none
// when it breaks none. A status that was never written breaks none. Reasons
// must be in the vocabulary, unless that is nil.
func Check(o client.Object, v Vocabulary) []string {
	s, err := stateOf(o)
	if err != nil {
		return []string{err.Error()}
	}
	var broken []string
	for _, found := range [][]string{s.generations(), s.summary(), s.people(), s.form(v)} {
		for _, what := range found {
			broken = append(broken, s.name+": "+what)
		}
	}
	return broken
}

// generations are the rules about which generation a status speaks of.
func (s state) generations() []string {
	var broken []string
	if s.status.ObservedGeneration > s.generation {
		broken = append(broken, fmt.Sprintf("status.observedGeneration is %d and metadata.generation %d",
			s.status.ObservedGeneration, s.generation))
	}
	for _, c := range s.status.Conditions {
		if c.ObservedGeneration > s.status.ObservedGeneration {
			broken = append(broken, fmt.Sprintf("%s speaks of generation %d and the status of %d",
				c.Type, c.ObservedGeneration, s.status.ObservedGeneration))
		}
		if sums(c.Type) && c.ObservedGeneration != s.status.ObservedGeneration {
			broken = append(broken, fmt.Sprintf("%s sums up generation %d and the status speaks of %d",
				c.Type, c.ObservedGeneration, s.status.ObservedGeneration))
		}
	}
	return broken
}

// sums reports whether the condition is one of those that are written at every
// look, and so always speak of what was looked at last.
func sums(kind string) bool { return kind == ready || kind == reconciling || kind == stalled }

// summary are the rules about Ready, Reconciling and Stalled.
func (s state) summary() []string {
	var broken []string
	say := func(wrong bool, what string) {
		if wrong {
			broken = append(broken, what)
		}
	}
	if len(s.status.Conditions) == 0 {
		return nil
	}
	working, stuck := s.condition(reconciling), s.condition(stalled)
	say(s.condition(ready) == nil, "there are conditions, and Ready is not among them")
	say(working != nil && working.Status != metav1.ConditionTrue, "Reconciling is present and not True")
	say(stuck != nil && stuck.Status != metav1.ConditionTrue, "Stalled is present and not True")
	say(working != nil && stuck != nil, "Reconciling and Stalled are both present")
	say(s.isTrue(ready) && s.isTrue(stalled), "Ready and Stalled are both True")
	say(s.isTrue(ready) && s.isTrue(reconciling), "Ready and Reconciling are both True")
	say(s.condition(ready) != nil && !s.isTrue(ready) && working == nil && stuck == nil && !s.deleted,
		"Ready is not True, and neither Reconciling nor Stalled says why")
	return broken
}

// people are the rules about where a person stands. Somebody who is in can wait
// for one thing: to confirm a changed address.
func (s state) people() []string {
	confirming := s.isTrue(pending) && s.condition(pending).Reason == awaitingConfirmation
	if s.isTrue(pending) && s.isTrue(accepted) && !confirming {
		return []string{"Pending and Accepted are both True"}
	}
	return nil
}
