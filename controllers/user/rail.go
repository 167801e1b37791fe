package user

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// Alarm counts the rails that were tripped.
type Alarm interface {
	Tripped(rail alarm.Rail)
}

// leaving is somebody who is to be removed or disabled.
type leaving struct {
	user         *v1alpha1.User
	organization *v1alpha1.Organization
	backend      directory.Backend
	// address is the declared one, in canonical form.
	address string
	// current are the addresses under which the backend may know the person.
	current []string
}

// guard asks the rails whether the person may be removed or disabled now. The
// answer is Done when they may; anything else is what to say instead. Whether
// the organization is at work at all is for the caller to know.
func (r *Reconciler) guard(ctx context.Context, l leaving) phase.Answer {
	last, err := r.lastAdministrator(ctx, l)
	if err != nil {
		return verdict.Of(err)
	}
	reason := ""
	switch {
	case census.Protected(&l.organization.Spec.Safety, l.address):
		reason = v1alpha1.ReasonProtectedMember
	case last:
		reason = v1alpha1.ReasonLastAdministrator
	}
	approved := reason != "" && r.approved(l.user, reason)
	if reason != "" && !approved {
		return r.block(l.user, l.organization, reason)
	}
	limit := census.Removals(&l.organization.Spec.Safety)
	request := directory.RemovalRequest{
		Departure: census.Departure(l.user, l.address),
		Limit:     directory.RemovalLimit{Floor: limit.Floor, Window: limit.Window},
	}
	if approved {
		request.Approval = reason
	}
	answer, err := r.Rails.ReserveRemoval(ctx, request)
	if err != nil {
		return verdict.Of(err)
	}
	return r.answered(l, answer)
}

// answered says what the rail for waves has answered.
func (r *Reconciler) answered(l leaving, answer directory.RemovalAnswer) phase.Answer {
	switch answer {
	case directory.RemovalGranted:
		return phase.Done("", "")
	case directory.RemovalHeld:
		return r.block(l.user, l.organization, v1alpha1.ReasonTooManyRemovals)
	}
	unblock(l.user)
	return phase.Waiting(v1alpha1.ReasonProgressing, fmt.Sprintf(
		"More people are to go than safety.maxRemovals of Organization %q lets go at once; it is seen first how many there are.", l.organization.Name))
}

// keepsOut asks the rails before access is taken from somebody who has it. The
// answer is Done when it may be, and when there is nothing to take.
func (r *Reconciler) keepsOut(ctx context.Context, s *scope) phase.Answer {
	if !s.kept() {
		return phase.Done("", "")
	}
	member, err := s.backend.Member(ctx, s.id, s.current)
	switch {
	case directory.IsKind(err, directory.KindNotFound) || err == nil && member.State == directory.MemberDisabled:
		return phase.Done("", "")
	case err != nil:
		return verdict.Of(err)
	}
	return r.guard(ctx, leaving{
		user: s.user, organization: s.organization, backend: s.backend,
		address: s.person.Address, current: []string{s.current},
	})
}

// recheck is how soon somebody is looked at again whom a rail keeps for what
// others declare: nothing tells them when that changes.
const recheck = time.Minute

// block says that a rail keeps the person, and how to let this one pass.
func (r *Reconciler) block(u *v1alpha1.User, org *v1alpha1.Organization, reason string) phase.Answer {
	before := meta.FindStatusCondition(u.Status.Conditions, v1alpha1.ConditionRemovalBlocked)
	if before == nil || before.Reason != reason {
		r.trip(reason)
	}
	message := blockedBecause(u, org, reason)
	status.Set(&u.Status.Conditions, u.Generation, metav1.Condition{
		Type: v1alpha1.ConditionRemovalBlocked, Status: metav1.ConditionTrue, Reason: reason, Message: message,
	})
	if reason == v1alpha1.ReasonLastAdministrator {
		return phase.StalledUntil(r.Clock.Now().Add(recheck), reason, message)
	}
	return phase.Stalled(reason, message)
}

// trip counts what is tripped for one person; a wave is counted once for all.
func (r *Reconciler) trip(reason string) {
	switch reason {
	case v1alpha1.ReasonLastAdministrator:
		r.Alarm.Tripped(alarm.LastAdministrator)
	case v1alpha1.ReasonProtectedMember:
		r.Alarm.Tripped(alarm.ProtectedMember)
	}
}

func blockedBecause(u *v1alpha1.User, org *v1alpha1.Organization, reason string) string {
	command := fmt.Sprintf("kubectl annotate user %s -n %s --overwrite %s=%s",
		u.Name, u.Namespace, v1alpha1.AnnotationApproveRemoval, rails.Token(string(u.UID), reason, u.Generation))
	switch reason {
	case v1alpha1.ReasonProtectedMember:
		return fmt.Sprintf("The person is one of safety.protectedEmails of Organization %q; take them off that list, or let this one pass: %#q.",
			org.Name, command)
	case v1alpha1.ReasonLastAdministrator:
		return fmt.Sprintf("Fewer than %d people who are in and administer Organization %q would be left; give another one such a role, or let this one pass: %#q.",
			census.MinAdministrators(&org.Spec.Safety), org.Name, command)
	default:
		return fmt.Sprintf("More people would go than safety.maxRemovals of Organization %q allows; its condition %s says how to let them go.",
			org.Name, v1alpha1.ConditionRemovalsPaused)
	}
}

// unblock takes back that a rail keeps the person.
func unblock(u *v1alpha1.User) {
	meta.RemoveStatusCondition(&u.Status.Conditions, v1alpha1.ConditionRemovalBlocked)
}

// approved reports whether somebody let exactly this pass, and tells of it once.
func (r *Reconciler) approved(u *v1alpha1.User, reason string) bool {
	if u.Annotations[v1alpha1.AnnotationApproveRemoval] != rails.Token(string(u.UID), reason, u.Generation) {
		return false
	}
	if meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionRemovalBlocked) {
		unblock(u)
		r.Recorder.Eventf(u, nil, corev1.EventTypeNormal, v1alpha1.ReasonApproved, "ApproveRemoval", "%s",
			"Somebody let this pass although the rail "+reason+" stopped it.")
	}
	return true
}

// stopped says what is to be done about a mail that the rail for surges stopped.
func (s *scope) stopped() string {
	return fmt.Sprintf("More people would be mailed than safety.maxInvitations of Organization %q allows; its condition %s says how to let them leave.",
		s.organization.Name, v1alpha1.ConditionInvitationsPaused)
}

// madeForMany reports whether the User is of a batch or of a shareable link: how
// many these are was decided there, and the rail for surges does not count them.
func madeForMany(u *v1alpha1.User) bool {
	return u.Labels[v1alpha1.LabelBatch] != "" || u.Labels[v1alpha1.LabelLink] != ""
}
