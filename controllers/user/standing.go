package user

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// tell writes the invitation's facts into the status, and Pending and Accepted.
func (s *scope) tell(inv directory.Invitation, d invite.Decision) {
	before := s.user.Status.Invitation
	s.user.Status.Invitation = nil
	if inv.ID != "" {
		told := &v1alpha1.UserInvitationStatus{
			Revision: inv.Revision, Asked: inv.Asked, Attempts: int32(min(inv.Delivery.Attempts, 1<<20)),
			ExpiresAt: moment(inv.ExpiresAt), SentAt: moment(inv.Delivery.SentAt), ResendRequestedAt: inv.Request,
			Reminders: int32(min(inv.Reminders.Sent, 1<<20)), LastReminderAt: moment(inv.Reminders.SentAt),
		}
		s.user.Status.Invitation = told
	}
	if before != nil && before.LinkSecretRef != nil {
		s.link().LinkSecretRef = before.LinkSecretRef
	}
	s.standing(inv, d)
}

// inForce records what is declared about access, when it has taken effect: the
// backend has done it. One that a rail stops is not reached.
func (r *Reconciler) inForce(ctx context.Context, s *scope) error {
	standing := s.declaredStanding()
	if s.holding.Standing == standing {
		return nil
	}
	changed := s.holding
	changed.Standing = standing
	if err := r.Holdings.Hold(ctx, changed, s.user.Name); err != nil {
		return err
	}
	s.holding = changed
	return nil
}

// declaredStanding is what is declared about access, as a holding tells it.
func (s *scope) declaredStanding() directory.HoldingStanding {
	switch {
	case !s.kept():
		return directory.HoldingEnabled
	case s.user.Spec.Access == v1alpha1.AccessDisabled:
		return directory.HoldingDisabled
	default:
		return directory.HoldingEnded
	}
}

// moment is a time as a status holds it: omitted when it is none.
func moment(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}

// standing rewrites Pending and Accepted together, so that they never disagree.
func (s *scope) standing(inv directory.Invitation, d invite.Decision) {
	w := s.words(inv, d.Standing)
	s.user.Status.JoinedBy = w.joinedBy
	s.set(v1alpha1.ConditionPending, truth(w.isPending), w.pending, w.message)
	s.set(v1alpha1.ConditionAccepted, truth(w.isIn), w.accepted, w.message)
}

func truth(is bool) metav1.ConditionStatus {
	if is {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// words are what a standing is called in each of the two conditions, and the
// sentence that goes with both.
type words struct {
	isPending, isIn            bool
	pending, accepted, message string
	joinedBy                   v1alpha1.JoinedBy
}

// again is how one asks for another invitation.
const again = "; raise spec.invitation.revision to invite again."

func (s *scope) words(inv directory.Invitation, standing invite.Standing) words {
	both := func(reason, message string) words {
		return words{pending: reason, accepted: reason, message: message}
	}
	switch standing {
	case invite.StandingAwaiting:
		w := both(v1alpha1.ReasonAwaitingAcceptance, "Waits for the person to follow the link and accept.")
		w.isPending = true
		return w
	case invite.StandingAccepted, invite.StandingJoined, invite.StandingAdopted:
		return in(standing)
	case invite.StandingConfirming, invite.StandingUnconfirmed:
		return s.inUnderAnother(inv, standing)
	case invite.StandingKept:
		return both(s.keptReason(), "The person is kept out, as spec.access and spec.accessUntil say.")
	case invite.StandingExpired:
		return both(v1alpha1.ReasonExpired, "The link expired before the person accepted"+again)
	case invite.StandingDeclined:
		return both(v1alpha1.ReasonDeclined, "The person declined"+again)
	case invite.StandingRevoked:
		return both(v1alpha1.ReasonRevoked, "The invitation was revoked"+again)
	case invite.StandingGone:
		return both(v1alpha1.ReasonRevoked, "The person accepted and was removed from the backend since"+again)
	default:
		return both(v1alpha1.ReasonNotInvited, "No invitation was issued.")
	}
}

// in are the words for somebody who is in, by how they came.
func in(standing invite.Standing) words {
	w := words{isIn: true, pending: v1alpha1.ReasonAccepted}
	switch standing {
	case invite.StandingJoined:
		w.accepted, w.joinedBy, w.message = v1alpha1.ReasonJoinedByLink, v1alpha1.JoinedByLink, "The person joined by an InviteLink."
	case invite.StandingAdopted:
		w.accepted, w.joinedBy = v1alpha1.ReasonAdoptedExistingMember, v1alpha1.JoinedByAdoption
		w.message = "The person was a member already; no invitation was needed."
	default:
		w.accepted, w.joinedBy, w.message = v1alpha1.ReasonAcceptedByInvitee, v1alpha1.JoinedByInvitation, "The person accepted the invitation."
	}
	return w
}

// inUnderAnother are the words for somebody who is in, and whose changed
// address is not confirmed. How they came in is what the status says already.
func (s *scope) inUnderAnother(inv directory.Invitation, standing invite.Standing) words {
	w := in(invite.StandingAccepted)
	switch s.user.Status.JoinedBy {
	case v1alpha1.JoinedByLink:
		w = in(invite.StandingJoined)
	case v1alpha1.JoinedByAdoption:
		w = in(invite.StandingAdopted)
	case v1alpha1.JoinedByInvitation:
	}
	w.message = "The person is in under status.address; the changed one waits to be confirmed."
	w.isPending, w.pending = true, v1alpha1.ReasonAwaitingConfirmation
	if standing == invite.StandingUnconfirmed {
		w.isPending = false
		w.message = "The person is in under status.address; the changed one was not confirmed" + again
		w.pending = map[directory.InvitationState]string{
			directory.InvitationExpired: v1alpha1.ReasonExpired, directory.InvitationDeclined: v1alpha1.ReasonDeclined,
		}[inv.State]
		if w.pending == "" {
			w.pending = v1alpha1.ReasonRevoked
		}
	}
	return w
}
