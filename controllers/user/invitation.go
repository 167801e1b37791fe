package user

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// invitation makes sure that the person was invited exactly once, and tells
// where they stand. The mail itself is the outbox's matter.
func (r *Reconciler) invitation(ctx context.Context, s *scope) phase.Answer {
	current, err := s.inviter.Invitation(ctx, s.id, s.person.Address)
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		return verdict.Of(err)
	}
	if a := r.observeAgain(ctx, s, current); a.Word != phase.WordDone {
		return a
	}
	if text := s.user.Annotations[v1alpha1.AnnotationResend]; len(text) > maxRequest {
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
			"The annotation %s has more than %d characters; set it to the time, for example.", v1alpha1.AnnotationResend, maxRequest))
	}
	if slices.Contains(s.left, plan.AspectMember) {
		return s.removedByOthers(current)
	}
	facts, decision, err := r.comeToRest(ctx, s, s.facts(r.Clock.Now(), current))
	if decision.Act == invite.ActInvite && directory.IsKind(err, directory.KindRateLimited) {
		return s.tooSoon(err, facts)
	}
	if err != nil {
		return verdict.Of(err)
	}
	s.tell(facts.Invitation, decision)
	if a := r.publish(ctx, s, decision.Standing); a.Word != phase.WordDone {
		return a
	}
	return r.inAMoment(s.handover(facts.Invitation, decision), facts)
}

// inAMoment keeps an answer back that the mail is queued, as long as it most
// likely leaves at once. The outbox's change is what this User is looked at for
// then.
func (r *Reconciler) inAMoment(a phase.Answer, f invite.Facts) phase.Answer {
	left := f.Invitation.CreatedAt.Add(r.MailMoment).Sub(f.Now)
	if a.Word != phase.WordWaiting || a.Reason != v1alpha1.ReasonMailQueued || left <= 0 {
		return a
	}
	return phase.Briefly(left, a.Reason, a.Message)
}

// maxRequest is how long the text of [v1alpha1.AnnotationResend] may be.
const maxRequest = 64

// maxActs bounds how many steps are made in a row. The decisions come to rest
// after two; see the test of that name in internal/invite.
const maxActs = 4

// comeToRest decides and acts until there is nothing to do.
func (r *Reconciler) comeToRest(ctx context.Context, s *scope, f invite.Facts) (invite.Facts, invite.Decision, error) {
	decision := invite.Decide(f)
	for range maxActs {
		if decision.Act == invite.ActNothing {
			break
		}
		next, err := r.act(ctx, s, decision, f)
		if err != nil {
			return f, decision, err
		}
		f = s.facts(f.Now, next)
		decision = invite.Decide(f)
	}
	return f, decision, nil
}

func (s *scope) facts(now time.Time, current directory.Invitation) invite.Facts {
	spec := s.user.Spec.Invitation
	return invite.Facts{
		Now: now, Wanted: spec.Delivery != v1alpha1.DeliveryNone, Mail: mailed(spec.Delivery),
		Asked: max(spec.Revision, 1), Request: s.user.Annotations[v1alpha1.AnnotationResend], Details: s.details(),
		RemindAfter: s.remindAfter(), Kept: s.kept(), Active: s.active() && !s.moving(), Moving: s.active() && s.moving(),
		Invitation: current,
	}
}

// remindAfter is empty for whoever mails its own invitations: they remind as
// they like.
func (s *scope) remindAfter() []time.Duration {
	if s.reminder == nil {
		return nil
	}
	times := make([]time.Duration, 0, len(s.organization.Spec.Invitations.Reminders))
	for _, d := range s.organization.Spec.Invitations.Reminders {
		times = append(times, d.Duration)
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// act does what was decided, and returns the newest invitation of the declared
// address afterwards.
func (r *Reconciler) act(ctx context.Context, s *scope, d invite.Decision, f invite.Facts) (directory.Invitation, error) {
	switch d.Act {
	case invite.ActClose:
		return directory.Invitation{}, s.inviter.Close(ctx, s.id, s.person.Address)
	case invite.ActRemind:
		return s.reminder.Remind(ctx, f.Invitation.ID, d.Reminder)
	case invite.ActMove:
		return f.Invitation, r.move(ctx, s)
	case invite.ActNothing, invite.ActInvite:
	}
	if d.Purpose == directory.PurposeConfirm {
		if err := r.holdAlso(ctx, s); err != nil {
			return directory.Invitation{}, err
		}
	}
	return s.inviter.Invite(ctx, directory.InvitationRequest{
		Organization: s.id, Address: s.person.Address, Revision: f.Asked, Request: f.Request, Purpose: d.Purpose,
		Mail: f.Mail, Bulk: madeForMany(s.user), ExpiresAfter: s.expiresAfter(), Details: f.Details,
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
