package user

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// invitation makes sure that the person was invited exactly once, and tells
// where they stand. The mail itself is the outbox's matter.
func (r *Reconciler) invitation(ctx context.Context, s *scope) phase.Answer {
	current, err := s.inviter.Invitation(ctx, s.id, s.address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		return verdict.Of(err)
	}
	if err := r.observeAgain(ctx, s, current); err != nil {
		return verdict.Of(err)
	}
	facts := s.facts(current)
	decision := invite.Decide(facts)
	if decision.Act != invite.ActNothing {
		next, err := r.act(ctx, s, decision.Act, facts)
		if decision.Act == invite.ActInvite && directory.IsKind(err, directory.KindRateLimited) {
			return s.tooSoon(err, facts)
		}
		if err != nil {
			return verdict.Of(err)
		}
		facts.Invitation = next
		decision = invite.Decide(facts)
	}
	s.tell(facts.Invitation, decision)
	if a := r.publish(ctx, s, decision.Standing); a.Word != phase.WordDone {
		return a
	}
	return s.handover(facts.Invitation, decision)
}

func (s *scope) facts(current directory.Invitation) invite.Facts {
	spec := s.user.Spec.Invitation
	return invite.Facts{
		Wanted: spec.Delivery != v1alpha1.DeliveryNone, Mail: mailed(spec.Delivery),
		Asked: max(spec.Revision, 1), Details: s.details(),
		Active: s.active(), Invitation: current,
	}
}

func (r *Reconciler) act(ctx context.Context, s *scope, act invite.Act, f invite.Facts) (directory.Invitation, error) {
	if act == invite.ActClose {
		return directory.Invitation{}, s.inviter.Close(ctx, s.id, s.address)
	}
	return s.inviter.Invite(ctx, directory.InvitationRequest{
		Organization: s.id, Address: s.address, Revision: f.Asked, Mail: f.Mail,
		ExpiresAfter: s.expiresAfter(), Details: f.Details,
	})
}

// details is what the person is told: display names, in a stable order.
func (s *scope) details() directory.InvitationDetails {
	d := directory.InvitationDetails{
		OrganizationName: s.organization.Spec.DisplayName,
		DisplayName:      s.user.Spec.Profile.DisplayName,
		Message:          s.user.Spec.Invitation.Message,
		Locale:           s.user.Spec.Profile.Locale,
	}
	for name, role := range s.roles {
		d.Roles = append(d.Roles, named(role.Spec.DisplayName, name))
	}
	for _, name := range s.user.Spec.BusinessUnits {
		d.Units = append(d.Units, named(s.units[name].Spec.DisplayName, name))
	}
	slices.Sort(d.Roles)
	slices.Sort(d.Units)
	return d
}

func named(displayName, name string) string {
	if displayName != "" {
		return displayName
	}
	return name
}

// tell writes the invitation's facts into the status, and Pending and Accepted.
func (s *scope) tell(inv directory.Invitation, d invite.Decision) {
	before := s.user.Status.Invitation
	s.user.Status.Invitation = nil
	if inv.ID != "" {
		told := &v1alpha1.UserInvitationStatus{
			Revision: inv.Revision, Asked: inv.Asked, Attempts: int32(min(inv.Delivery.Attempts, 1<<20)),
			ExpiresAt: &metav1.Time{Time: inv.ExpiresAt},
		}
		if !inv.Delivery.SentAt.IsZero() {
			told.SentAt = &metav1.Time{Time: inv.Delivery.SentAt}
		}
		s.user.Status.Invitation = told
	}
	if before != nil && before.LinkSecretRef != nil {
		s.link().LinkSecretRef = before.LinkSecretRef
	}
	s.standing(d)
}

// standing rewrites Pending and Accepted together, so that they never disagree.
func (s *scope) standing(d invite.Decision) {
	w := wordsFor(d.Standing)
	pending, accepted := metav1.ConditionFalse, metav1.ConditionFalse
	s.user.Status.JoinedBy = ""
	switch d.Standing {
	case invite.StandingAwaiting:
		pending = metav1.ConditionTrue
	case invite.StandingAccepted:
		accepted, s.user.Status.JoinedBy = metav1.ConditionTrue, v1alpha1.JoinedByInvitation
	case invite.StandingAdopted:
		accepted, s.user.Status.JoinedBy = metav1.ConditionTrue, v1alpha1.JoinedByAdoption
	}
	s.set(v1alpha1.ConditionPending, pending, w.pending, w.message)
	s.set(v1alpha1.ConditionAccepted, accepted, w.accepted, w.message)
}

// words are what a standing is called in each of the two conditions, and the
// sentence that goes with both.
type words struct{ pending, accepted, message string }

func wordsFor(s invite.Standing) words {
	both := func(reason, message string) words { return words{reason, reason, message} }
	switch s {
	case invite.StandingAwaiting:
		return both(v1alpha1.ReasonAwaitingAcceptance, "Waits for the person to follow the link and accept.")
	case invite.StandingAccepted:
		return words{v1alpha1.ReasonAccepted, v1alpha1.ReasonAcceptedByInvitee, "The person accepted the invitation."}
	case invite.StandingAdopted:
		return words{v1alpha1.ReasonAccepted, v1alpha1.ReasonAdoptedExistingMember, "The person was a member already; no invitation was needed."}
	case invite.StandingExpired:
		return both(v1alpha1.ReasonExpired, "The link expired before the person accepted; raise spec.invitation.revision to invite again.")
	case invite.StandingDeclined:
		return both(v1alpha1.ReasonDeclined, "The person declined; raise spec.invitation.revision to invite again.")
	case invite.StandingRevoked:
		return both(v1alpha1.ReasonRevoked, "The invitation was revoked; raise spec.invitation.revision to invite again.")
	case invite.StandingGone:
		return both(v1alpha1.ReasonRevoked, "The person accepted and was removed from the backend since; raise spec.invitation.revision to invite again.")
	default:
		return both(v1alpha1.ReasonNotInvited, "No invitation was issued.")
	}
}
