package user

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/phase"
)

// defaultExpiry holds when neither User nor Organization say anything, as for
// objects that were stored before the default existed.
const defaultExpiry = 7 * 24 * time.Hour

// handover answers for the Invited condition: how the invitation reached, or
// will reach, the person.
func (s *scope) handover(inv directory.Invitation, d invite.Decision) phase.Answer {
	switch d.Standing {
	case invite.StandingAccepted, invite.StandingAdopted, invite.StandingJoined:
		return phase.Done(v1alpha1.ReasonNotRequired, "The person is in.")
	case invite.StandingKept:
		return phase.Done(v1alpha1.ReasonNotRequired, "Nobody who is kept out is invited.")
	case invite.StandingNotInvited:
		return phase.Done(v1alpha1.ReasonNotRequired, "No invitation is wanted: spec.invitation.delivery is None.")
	case invite.StandingAwaiting, invite.StandingConfirming:
		return s.awaiting(inv, d.Until)
	default:
		return s.over(inv)
	}
}

// onEvent is how long something is left alone that the changes feed tells of:
// the look after that is for an event that was missed.
const onEvent = time.Hour

func (s *scope) awaiting(inv directory.Invitation, until time.Time) phase.Answer {
	switch inv.Delivery.State {
	case "", directory.DeliveryCancelled:
		return phase.DoneUntil(until, v1alpha1.ReasonLinkPublished, "The link is in the Secret named in status.invitation.linkSecretRef.")
	case directory.DeliverySent:
		return phase.DoneUntil(until, v1alpha1.ReasonMailSent, "The mail server took the invitation.")
	case directory.DeliveryHeld:
		return phase.StalledUntil(until, v1alpha1.ReasonInvitationsPaused, s.stopped())
	case directory.DeliveryRejected:
		return phase.StalledUntil(until, v1alpha1.ReasonMailRejected, "The mail server refused the invitation for good"+because(inv)+
			"; correct spec.email, or raise spec.invitation.revision to try again.")
	case directory.DeliveryUnknown:
		return phase.StalledUntil(until, v1alpha1.ReasonDeliveryUnknown, s.unknown())
	}
	if inv.Delivery.LastError == "" {
		return phase.WaitingFor(onEvent, v1alpha1.ReasonMailQueued, "The mail waits to be handed to the mail server.")
	}
	return phase.WaitingFor(onEvent, v1alpha1.ReasonMailUnavailable, "The mail could not be handed over and is tried again"+because(inv)+".")
}

// unknown names the one command that resolves it.
func (s *scope) unknown() string {
	return fmt.Sprintf("Nobody can know whether the mail server took the invitation; ask the person, and send a new one with "+
		"`kubectl annotate user %s -n %s --overwrite %s=$(date +%%s)`.", s.user.Name, s.user.Namespace, v1alpha1.AnnotationResend)
}

// because makes a mail server's words part of a sentence of ours.
func because(inv directory.Invitation) string {
	said := strings.TrimRight(inv.Delivery.LastError, ". ")
	if said == "" {
		return ""
	}
	return ": " + said
}

// over answers for an invitation that ended without success: what was handed
// over stays so, and one that never left is nobody's success.
func (s *scope) over(inv directory.Invitation) phase.Answer {
	expired := inv.State == directory.InvitationExpired
	switch {
	case inv.Delivery.State == "":
		return phase.Done(v1alpha1.ReasonLinkPublished, "The link was published.")
	case inv.Delivery.State == directory.DeliveryUnknown && expired:
		return phase.Stalled(v1alpha1.ReasonDeliveryUnknown, s.unknown())
	case inv.Delivery.State == directory.DeliverySent, inv.Delivery.State == directory.DeliveryUnknown:
		return phase.Done(v1alpha1.ReasonMailSent, "The mail server took the invitation.")
	case expired:
		return phase.Stalled(v1alpha1.ReasonMailUnavailable,
			"The invitation expired before a mail server took it; see to the mail server, and raise spec.invitation.revision to invite again.")
	}
	return phase.Done(v1alpha1.ReasonNotRequired, "The invitation ended before it was handed over.")
}

// tooSoon keeps what is there and comes back when another invitation is allowed.
func (s *scope) tooSoon(err error, f invite.Facts) phase.Answer {
	f.Asked, f.Request = f.Invitation.Asked, f.Invitation.Request
	s.tell(f.Invitation, invite.Decide(f))
	var e *directory.Error
	wait := time.Minute
	if errors.As(err, &e) && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	return phase.WaitingFor(wait, v1alpha1.ReasonRateLimited,
		"The last invitation of this person is too recent; another is sent as soon as it is allowed.")
}

func (s *scope) expiresAfter() time.Duration {
	if d := s.user.Spec.Invitation.ExpiresAfter; d != nil {
		return d.Duration
	}
	if d := s.organization.Spec.Invitations.ExpiresAfter; d != nil {
		return d.Duration
	}
	return defaultExpiry
}

func mailed(d v1alpha1.InvitationDelivery) bool {
	return d == v1alpha1.DeliveryEmail || d == v1alpha1.DeliveryEmailAndLink || d == ""
}

func linked(d v1alpha1.InvitationDelivery) bool {
	return d == v1alpha1.DeliveryLink || d == v1alpha1.DeliveryEmailAndLink
}
