package user

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// happened tells what events are due beside those of the conditions: a reminder
// that was sent, and a reference or an address that is wrong. That references
// are right is no event: it would be one for every User.
func happened(before, after *v1alpha1.User) []status.Happening {
	var told []status.Happening
	if reminders(after) > reminders(before) {
		told = append(told, status.Happening{
			Type: corev1.EventTypeNormal, Reason: v1alpha1.ReasonReminded, Action: "Remind", Note: "The person was reminded by a mail.",
		})
	}
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReferencesResolved)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReferencesResolved)
	if is == nil || was != nil && was.Reason == is.Reason {
		return told
	}
	if is.Reason == v1alpha1.ReasonDuplicateEmail || is.Reason == v1alpha1.ReasonInvalidSpec {
		told = append(told, status.Happening{
			Type: corev1.EventTypeWarning, Reason: is.Reason, Action: v1alpha1.ConditionReferencesResolved, Note: is.Message,
		})
	}
	return told
}

func reminders(u *v1alpha1.User) int32 {
	if u.Status.Invitation == nil {
		return 0
	}
	return u.Status.Invitation.Reminders
}
