package status

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/internal/phase"
)

// The conditions that every kind has. Ready sums up, the other two are present
// only while True; see
// https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md.
const (
	ready       = "Ready"
	reconciling = "Reconciling"
	stalled     = "Stalled"

	progressing          = "Progressing"
	progressingWithRetry = "ProgressingWithRetry"
	succeeded            = "Succeeded"
)

// maxMessage is the API's limit for a condition's message, less room for an
// ellipsis, and far more than a sentence.
const maxMessage = 1024

// Set puts a condition beside Ready, one that no phase answers for. It is said
// of the object's generation, and its message is cut to what the API takes.
func Set(conditions *[]metav1.Condition, generation int64, c metav1.Condition) {
	c.ObservedGeneration = generation
	c.Message = bounded(c.Message)
	meta.SetStatusCondition(conditions, c)
}

// Fill gives the conditions of the types that are missing the status Unknown:
// positive ones start so on first sight.
func Fill(conditions *[]metav1.Condition, generation int64, kinds ...string) {
	for _, kind := range kinds {
		if meta.FindStatusCondition(*conditions, kind) == nil {
			Set(conditions, generation, unknown(kind, "Not looked at yet."))
		}
	}
}

// summarize writes the conditions of an outcome: one per phase, and Ready,
// Reconciling and Stalled.
func summarize(conditions *[]metav1.Condition, generation int64, steps []string, out phase.Outcome) {
	answered := map[string]bool{}
	for _, s := range out.Steps {
		if s.Condition == "" {
			continue
		}
		answered[s.Condition] = true
		Set(conditions, generation, answer(s.Condition, truth(s.Answer), s.Answer))
	}
	for _, kind := range steps {
		if !answered[kind] && !out.Keep {
			forget(conditions, generation, kind)
		}
	}
	Fill(conditions, generation, steps...)
	conclude(conditions, generation, out.Last(), len(out.Steps) == 1 && out.Steps[0].Condition == "")
}

// forget makes a phase's condition Unknown when it speaks of an older
// generation: the phase did not run for this one.
func forget(conditions *[]metav1.Condition, generation int64, kind string) {
	c := meta.FindStatusCondition(*conditions, kind)
	if c != nil && c.ObservedGeneration != generation {
		Set(conditions, generation, unknown(kind, "An earlier step is not done yet."))
	}
}

func conclude(conditions *[]metav1.Condition, generation int64, a phase.Answer, own bool) {
	switch a.Word {
	case phase.WordDone, phase.WordHalted:
		meta.RemoveStatusCondition(conditions, reconciling)
		meta.RemoveStatusCondition(conditions, stalled)
		if !own {
			a = phase.Answer{Reason: succeeded, Message: "Everything is as declared."}
		}
		Set(conditions, generation, answer(ready, metav1.ConditionTrue, a))
	case phase.WordStalled:
		meta.RemoveStatusCondition(conditions, reconciling)
		Set(conditions, generation, answer(ready, metav1.ConditionFalse, a))
		Set(conditions, generation, answer(stalled, metav1.ConditionTrue, a))
	default:
		meta.RemoveStatusCondition(conditions, stalled)
		Set(conditions, generation, answer(ready, metav1.ConditionFalse, a))
		// Reconciling that is there stays: put back anew it would have another
		// lastTransitionTime, and every look at something that waits be a write.
		a.Reason = progressing
		if a.Word == phase.WordFailed {
			a.Reason = progressingWithRetry
		}
		Set(conditions, generation, answer(reconciling, metav1.ConditionTrue, a))
	}
}

// answer is a phase's answer as a condition.
func answer(kind string, is metav1.ConditionStatus, a phase.Answer) metav1.Condition {
	return metav1.Condition{Type: kind, Status: is, Reason: a.Reason, Message: a.Message}
}

// unknown is a condition that nobody has answered for yet.
func unknown(kind, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionUnknown, Reason: progressing, Message: message}
}

func truth(a phase.Answer) metav1.ConditionStatus {
	if a.Word == phase.WordDone {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

func bounded(s string) string {
	runes := []rune(s)
	if len(runes) <= maxMessage {
		return s
	}
	return string(runes[:maxMessage]) + "…"
}
