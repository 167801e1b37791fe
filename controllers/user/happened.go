package user

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// happened tells what events are due beside those of the conditions.
func happened(before, after *v1alpha1.User) []status.Happening {
	return slices.Concat(suspension(before, after), stood(before, after), reminded(before, after), wrong(before, after))
}

// stood tells where the person stands now, when that has changed. Whoever is let
// in again did not accept again: that access was enabled is what happened then.
func stood(before, after *v1alpha1.User) []status.Happening {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionAccepted)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionAccepted)
	if is == nil || is.Status == metav1.ConditionUnknown || was != nil && was.Reason == is.Reason {
		return nil
	}
	told := status.Happening{Type: corev1.EventTypeNormal, Reason: is.Reason, Action: v1alpha1.ConditionAccepted, Note: is.Message}
	switch {
	case is.Reason == v1alpha1.ReasonDuplicateEmail:
		// That the address is wrong says it, and who has it.
		return nil
	case isKept(was) && !isKept(is):
		told.Reason, told.Note = v1alpha1.ReasonAccessEnabled, "Access is enabled again. "+is.Message
	case is.Reason == v1alpha1.ReasonAwaitingAcceptance:
		// Only on the way to another one: every event is a write.
		return nil
	}
	return []status.Happening{told}
}

// isKept reports whether Accepted says that access is kept from the person.
func isKept(accepted *metav1.Condition) bool {
	return accepted != nil && (accepted.Reason == v1alpha1.ReasonAccessDisabled || accepted.Reason == v1alpha1.ReasonAccessEnded)
}

func reminded(before, after *v1alpha1.User) []status.Happening {
	if reminders(after) <= reminders(before) {
		return nil
	}
	return []status.Happening{{
		Type: corev1.EventTypeNormal, Reason: v1alpha1.ReasonReminded, Action: "Remind", Note: "The person was reminded by a mail.",
	}}
}

func reminders(u *v1alpha1.User) int32 {
	if u.Status.Invitation == nil {
		return 0
	}
	return u.Status.Invitation.Reminders
}

// wrong tells of a reference or an address that is wrong. That references are
// right is no event: it would be one for every User.
func wrong(before, after *v1alpha1.User) []status.Happening {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReferencesResolved)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReferencesResolved)
	if is == nil || was != nil && was.Reason == is.Reason ||
		is.Reason != v1alpha1.ReasonDuplicateEmail && is.Reason != v1alpha1.ReasonInvalidSpec {
		return nil
	}
	return []status.Happening{{
		Type: corev1.EventTypeWarning, Reason: is.Reason, Action: v1alpha1.ConditionReferencesResolved, Note: is.Message,
	}}
}
