package organization

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/alarm"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
)

// mails tells the ledger how much mail may leave, releases what was approved,
// and says what is stopped. It is stopped where mail leaves, in whichever
// process; Users say so, and that is what brings us here.
func (r *Reconciler) mails(ctx context.Context, s *scope) error {
	org := s.organization
	limit := census.Invitations(&org.Spec.Safety)
	limits := directory.MailLimits{Surge: limit.Of(s.people()), SurgeWindow: limit.Window}
	if most := org.Spec.Invitations.MaxPerHour; most != nil {
		limits.PerHour = int(*most)
	}
	if err := r.Rails.ApplyLimits(ctx, s.id, limits); err != nil {
		return err
	}
	held, err := r.Rails.HeldMail(ctx, s.id)
	if err != nil {
		return err
	}
	if held, err = r.mailReleased(ctx, s, held); err != nil {
		return err
	}
	if held.Wave == "" {
		s.nothingHeld(v1alpha1.ConditionInvitationsPaused)
		org.Status.HeldInvitations = nil
		return nil
	}
	r.tellHeld(s, held, limit)
	return nil
}

// people counts those who are in: whoever is only to be invited must not raise
// the limit on inviting them.
func (s *scope) people() int {
	if s.organization.Status.Users == nil {
		return 0
	}
	return int(s.organization.Status.Users.Accepted)
}

// mailReleased lets those mails leave that somebody approved, and returns what is
// stopped then.
func (r *Reconciler) mailReleased(ctx context.Context, s *scope, held directory.HeldMail) (directory.HeldMail, error) {
	approved := s.organization.Annotations[v1alpha1.AnnotationApproveInvitations]
	if held.Wave == "" || approved == "" {
		return held, nil
	}
	released, err := r.Rails.ReleaseMail(ctx, s.id, approved)
	if err != nil || released == 0 {
		return held, err
	}
	r.Recorder.Eventf(s.organization, nil, corev1.EventTypeNormal, v1alpha1.ReasonApproved, "ApproveInvitations",
		"Somebody approved wave %s: %d invitations are mailed.", approved, released)
	return r.Rails.HeldMail(ctx, s.id)
}

func (r *Reconciler) tellHeld(s *scope, held directory.HeldMail, limit rails.Limit) {
	org := s.organization
	message := fmt.Sprintf("%d people who are in no InviteBatch would be mailed within %s, more than %s; to let these %d leave: %#q.",
		held.Waiting+held.Done, brief(limit.Window), allowed(limit, s.people()), held.Waiting,
		approve(org, v1alpha1.AnnotationApproveInvitations, held.Wave))
	if !meta.IsStatusConditionTrue(org.Status.Conditions, v1alpha1.ConditionInvitationsPaused) {
		r.Alarm.Tripped(alarm.Invitations)
		r.Recorder.Eventf(org, nil, corev1.EventTypeWarning, v1alpha1.ReasonTooManyInvitations, v1alpha1.ConditionInvitationsPaused, "%s", message)
	}
	org.Status.HeldInvitations = &v1alpha1.HeldWave{
		Wave: held.Wave, Waiting: int32(held.Waiting), Done: int32(held.Done), Limit: int32(held.Limit),
	}
	s.held(v1alpha1.ConditionInvitationsPaused, v1alpha1.ReasonTooManyInvitations, message)
}
