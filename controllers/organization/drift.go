package organization

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/status"
)

// tell writes what a complete listing showed, less those who were removed since.
func (s *scope) tell(c plan.Comparison, removed int, kept plan.Kept) {
	if !looks(s.organization.Spec.Membership) {
		s.organization.Status.Members = nil
		s.notObserved()
		return
	}
	members := &v1alpha1.ObservedMembers{Total: number(c.Total - removed), Drifted: number(len(c.Drifted))}
	if s.organization.Spec.Membership.Undeclared != v1alpha1.UndeclaredIgnore {
		members.Undeclared = number(len(c.Undeclared) - removed)
	}
	s.organization.Status.Members = members
	s.drift(differing(s.organization.Spec.Membership, members, kept))
}

// told is what a listing led to. It is kept until the next one, because the write
// of a status may fail, and a status be lost.
type told struct {
	members   *v1alpha1.ObservedMembers
	resync    string
	condition metav1.Condition
}

// told is what the status says about the last listing.
func (s *scope) told() *told {
	t := &told{members: s.organization.Status.Members.DeepCopy(), resync: s.organization.Status.ResyncRequestedAt}
	if c := meta.FindStatusCondition(s.organization.Status.Conditions, v1alpha1.ConditionDriftDetected); c != nil {
		t.condition = *c
		// It changes when it is written, and not when it was to be.
		t.condition.LastTransitionTime = metav1.Time{}
	}
	return t
}

// repeat makes the status say it again, where it does not.
func (s *scope) repeat(t *told) {
	s.organization.Status.Members, s.organization.Status.ResyncRequestedAt = t.members.DeepCopy(), t.resync
	s.drift(t.condition)
}

// number bounds a count by what the API holds.
func number(n int) int32 { return int32(min(n, 1<<30)) }

// differing is what DriftDetected says about a complete listing.
func differing(m v1alpha1.OrganizationMembership, seen *v1alpha1.ObservedMembers, kept plan.Kept) metav1.Condition {
	switch {
	case seen.Undeclared > 0:
		message := fmt.Sprintf("The backend has %s: %s.", many(seen.Undeclared, "a member", "members")+" whom no User declares", undeclaredNext(m, seen.Undeclared, kept))
		if seen.Drifted > 0 {
			message += " " + driftedSaid(m, seen.Drifted)
		}
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonUndeclaredMembers, Message: message}
	case seen.Drifted > 0:
		return metav1.Condition{Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonMembersDiffer, Message: driftedSaid(m, seen.Drifted)}
	}
	return metav1.Condition{
		Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonInSync, Message: "The members in the backend are as declared.",
	}
}

// undeclaredNext says what becomes of undeclared members, who are so many.
func undeclaredNext(m v1alpha1.OrganizationMembership, n int32, kept plan.Kept) string {
	switch strangers := number(kept.Strangers); {
	case m.Undeclared != v1alpha1.UndeclaredRemove:
		return "apply Users for them, or set spec.membership.undeclared to Remove"
	case strangers == 0:
		return removedNext(kept)
	case strangers >= n:
		return "none of them was ever Rollcall's, so nobody is removed; export the organization and apply Users for them to have them managed"
	default:
		return fmt.Sprintf("%d of them were never Rollcall's and stay, export the organization and apply Users for them to have them managed; as for the others, %s",
			strangers, removedNext(kept))
	}
}

// removedNext says what becomes of those who are to be removed.
func removedNext(kept plan.Kept) string {
	if kept.Protected > 0 || kept.Administrators > 0 {
		return fmt.Sprintf("%d kept by spec.safety.protectedEmails and %d as the last administrators, the others removed as far as the rails allow",
			kept.Protected, kept.Administrators)
	}
	return "they are removed as far as the rails allow"
}

func driftedSaid(m v1alpha1.OrganizationMembership, n int32) string {
	next := "it is corrected"
	if m.Drift == v1alpha1.DriftReport {
		next = "edit the Users, or set spec.membership.drift to Correct"
	}
	return fmt.Sprintf("Somebody changed %s in the backend: %s.", many(n, "a declared member", "declared members"), next)
}

// many is a number of things.
func many(n int32, one, more string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// doubt says that a listing showed nothing certain. The counts stay as the last
// complete one gave them.
func (s *scope) doubt(message string) {
	s.drift(metav1.Condition{Status: metav1.ConditionUnknown, Reason: v1alpha1.ReasonIncompleteObservation, Message: message})
}

func (s *scope) notObserved() {
	s.drift(metav1.Condition{
		Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNotObserved,
		Message: "Nobody looks: spec.membership says to ignore undeclared members and to leave drift alone.",
	})
}

func (s *scope) drift(c metav1.Condition) {
	c.Type = v1alpha1.ConditionDriftDetected
	status.Set(&s.organization.Status.Conditions, s.organization.Generation, c)
}

// says reports whether DriftDetected has the reason already, for this generation.
func (s *scope) says(reason string) bool {
	c := meta.FindStatusCondition(s.organization.Status.Conditions, v1alpha1.ConditionDriftDetected)
	return c != nil && c.Reason == reason && c.ObservedGeneration == s.organization.Generation
}

// doubtful reports whether nobody is removed whom no User declares, although
// that is wanted, because the last listing showed nothing certain.
func doubtful(org *v1alpha1.Organization) bool {
	c := meta.FindStatusCondition(org.Status.Conditions, v1alpha1.ConditionDriftDetected)
	return c != nil && c.Reason == v1alpha1.ReasonIncompleteObservation &&
		org.Spec.Membership.Undeclared == v1alpha1.UndeclaredRemove
}

// happened tells what events are due: drift that was found, and the beginning
// and end of a suspension.
func happened(before, after *v1alpha1.Organization) []status.Happening {
	return append(suspension(before, after), drifted(before, after)...)
}

// drifted tells of drift that was found, once.
func drifted(before, after *v1alpha1.Organization) []status.Happening {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionDriftDetected)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionDriftDetected)
	if is == nil || is.Status != metav1.ConditionTrue || was != nil && was.Reason == is.Reason {
		return nil
	}
	return []status.Happening{{
		Type: corev1.EventTypeWarning, Reason: is.Reason, Action: v1alpha1.ConditionDriftDetected, Note: is.Message,
	}}
}
