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

// Set puts a condition beside Ready, one that no phase answers for.
func Set(conditions *[]metav1.Condition, generation int64, kind string, is metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: bounded(message), ObservedGeneration: generation,
	})
}

// Fill gives the conditions of the types that are missing the status Unknown:
// positive ones start so on first sight.
func Fill(conditions *[]metav1.Condition, generation int64, kinds ...string) {
	for _, kind := range kinds {
		if meta.FindStatusCondition(*conditions, kind) == nil {
			Set(conditions, generation, kind, metav1.ConditionUnknown, progressing, "Not looked at yet.")
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
		Set(conditions, generation, s.Condition, truth(s.Answer), s.Answer.Reason, s.Answer.Message)
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
		Set(conditions, generation, kind, metav1.ConditionUnknown, progressing, "An earlier step is not done yet.")
	}
}

func conclude(conditions *[]metav1.Condition, generation int64, a phase.Answer, own bool) {
	switch a.Word {
	case phase.WordDone:
		meta.RemoveStatusCondition(conditions, reconciling)
		meta.RemoveStatusCondition(conditions, stalled)
		reason, message := succeeded, "Everything is as declared."
		if own {
			reason, message = a.Reason, a.Message
		}
		Set(conditions, generation, ready, metav1.ConditionTrue, reason, message)
	case phase.WordStalled:
		meta.RemoveStatusCondition(conditions, reconciling)
		Set(conditions, generation, ready, metav1.ConditionFalse, a.Reason, a.Message)
		Set(conditions, generation, stalled, metav1.ConditionTrue, a.Reason, a.Message)
	default:
		meta.RemoveStatusCondition(conditions, stalled)
		Set(conditions, generation, ready, metav1.ConditionFalse, a.Reason, a.Message)
		// Reconciling that is there stays: put back anew it would have another
		// lastTransitionTime, and every look at something that waits be a write.
		reason := progressing
		if a.Word == phase.WordFailed {
			reason = progressingWithRetry
		}
		Set(conditions, generation, reconciling, metav1.ConditionTrue, reason, a.Message)
	}
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
