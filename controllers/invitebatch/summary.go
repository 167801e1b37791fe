package invitebatch

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/status"
)

const (
	// maxRefusals bounds status.refusals, whatever the length of the list.
	maxRefusals = 50
	// maxRefusalMessage is the limit of a refusal's message, in bytes.
	maxRefusalMessage = 500
)

// summarize writes counts, refusals and Completed into the status.
func (x *expansion) summarize(entries []entry) {
	b, c := x.batch, x.counts
	b.Status.Outcomes = &c
	b.Status.Progress = fmt.Sprintf("%d/%d", c.Accepted, c.Invited)
	b.Status.Refusals = nil
	for _, e := range entries {
		if e.refused == "" || len(b.Status.Refusals) == maxRefusals {
			continue
		}
		b.Status.Refusals = append(b.Status.Refusals, v1alpha1.Refusal{
			Source: e.source, Line: int32(min(e.line, 1<<30)), Reason: e.refused, Message: bounded(e.message),
		})
	}
	completed := metav1.Condition{
		Type: v1alpha1.ConditionCompleted, Status: metav1.ConditionFalse,
		Reason: v1alpha1.ReasonAwaitingPeople, Message: "Not everybody who was invited has accepted.",
	}
	switch {
	case c.Invited+c.AlreadyMember == 0:
		completed.Message = "Nobody was invited; give an address that is one."
	case c.Waiting == 0 && c.Invited == c.Accepted:
		completed.Status = metav1.ConditionTrue
		completed.Reason, completed.Message = v1alpha1.ReasonAllAccepted, "Everybody who was invited has accepted."
	}
	status.Set(&b.Status.Conditions, b.Generation, completed)
}

func bounded(s string) string {
	if len(s) <= maxRefusalMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxRefusalMessage], "") + "…"
}
