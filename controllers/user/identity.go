package user

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// identity makes the person known to the backend. Asking for an invited member
// never takes out somebody who is in.
func (r *Reconciler) identity(ctx context.Context, s *scope) phase.Answer {
	if err := r.locate(ctx, s); err != nil {
		return verdict.Of(err)
	}
	if a := r.hold(ctx, s); a.Word != phase.WordDone {
		return a
	}
	if a := r.keepsOut(ctx, s); a.Word != phase.WordDone {
		return a
	}
	member, err := r.applyMember(ctx, s)
	if err != nil {
		return verdict.Of(err)
	}
	s.observed(member)
	if err := r.inForce(ctx, s); err != nil {
		return verdict.Of(err)
	}
	if a, differs := s.drifted(plan.AspectMember, plan.AspectState, plan.AspectProfile); differs {
		return a
	}
	const message = "The backend knows the person as declared."
	if until := s.user.Spec.AccessUntil; until != nil && !s.kept() {
		return phase.DoneUntil(until.Time, v1alpha1.ReasonSucceeded, message)
	}
	return phase.Done(v1alpha1.ReasonSucceeded, message)
}

// applyMember brings the member to what is declared, unless somebody else
// changed it and that is to be left alone. An acceptance takes effect all the
// same.
func (r *Reconciler) applyMember(ctx context.Context, s *scope) (directory.ObservedMember, error) {
	member, err := r.leaveDrift(ctx, s)
	if err != nil {
		return member, err
	}
	if len(s.left) == 0 {
		return s.backend.ApplyMember(ctx, s.wanted())
	}
	if !s.mayComeIn(member) {
		return member, nil
	}
	inv, err := s.inviter.Invitation(ctx, s.id, s.current)
	if directory.IsKind(err, directory.KindNotFound) || err == nil && inv.State != directory.InvitationAccepted {
		return member, nil
	}
	if err != nil {
		return member, err
	}
	if member.ID == "" {
		// The system has no record of theirs in which something could be left alone.
		s.left = nil
	}
	return s.backend.ApplyMember(ctx, s.wanted())
}

// mayComeIn reports whether the member is one whom applying lets in once they
// have accepted: where people sign in elsewhere, nothing else does. Whom
// somebody has disabled or removed there is none.
func (s *scope) mayComeIn(member directory.ObservedMember) bool {
	return s.can.SignIn == directory.SignInElsewhere && member.State == directory.MemberInvited &&
		!slices.Contains(s.left, plan.AspectState)
}

// wanted is the declared member, without the profile where something of the
// member is left as somebody else made it.
func (s *scope) wanted() directory.Member {
	m := s.person.Member(s.id)
	m.Address = s.current
	if len(s.left) > 0 {
		m.Profile = directory.Profile{}
	}
	return m
}

// observeAgain looks once more at somebody whose invitation is accepted and who
// was not in when the identity phase looked: whoever accepted in between is in
// by now, or is let in now, and must not be taken for somebody who was removed.
func (r *Reconciler) observeAgain(ctx context.Context, s *scope, inv directory.Invitation) phase.Answer {
	done := phase.Done("", "")
	if inv.State != directory.InvitationAccepted || s.active() || s.kept() || slices.Contains(s.left, plan.AspectMember) {
		return done
	}
	member, err := s.backend.Member(ctx, s.id, s.current)
	if err != nil {
		return verdict.Of(err)
	}
	s.observed(member)
	if !s.mayComeIn(member) {
		return done
	}
	left := len(s.left) > 0
	if member, err = r.applyMember(ctx, s); err != nil {
		return verdict.Of(err)
	}
	s.observed(member)
	if left && len(s.left) == 0 {
		return r.applyAccess(ctx, s)
	}
	return done
}

func (s *scope) observed(member directory.ObservedMember) {
	s.member = member
	s.user.Status.MemberID, s.user.Status.Address = member.ID, s.current
	s.user.Status.AcceptedAt = nil
	if !member.JoinedAt.IsZero() && s.active() {
		s.user.Status.AcceptedAt = &metav1.Time{Time: member.JoinedAt}
	}
}
