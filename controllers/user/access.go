package user

import (
	"context"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// access gives the person exactly the declared roles and units. What the spec
// does not mention stays as the backend has it.
func (r *Reconciler) access(ctx context.Context, s *scope) phase.Answer {
	if a, differs := s.drifted(plan.AspectRoles, plan.AspectUnits); differs {
		return a
	}
	if len(s.left) == 0 {
		if a := r.applyAccess(ctx, s); a.Word != phase.WordDone {
			return a
		}
	}
	switch {
	case s.kept():
		return phase.Done(s.keptReason(), "Roles and units are recorded, and hold from the moment access is enabled.")
	case !s.active():
		return phase.Done(v1alpha1.ReasonDeferredUntilAccepted,
			"Roles and units are recorded, and hold from the moment the person accepts.")
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "Roles and units are as declared.")
}

// applyAccess applies as much as the rails allow, and remembers what was applied
// when that is all of it.
func (r *Reconciler) applyAccess(ctx context.Context, s *scope) phase.Answer {
	wanted, rail := r.demotion(ctx, s, s.person.Access.Over(s.member.Access))
	if rail.Word == phase.WordFailed {
		return rail
	}
	if !declared.SameAccess(s.member.Access, wanted) {
		if err := s.backend.ApplyAccess(ctx, s.id, s.current, wanted); err != nil {
			return verdict.Of(err)
		}
	}
	if rail.Word != phase.WordDone {
		return rail
	}
	if err := r.applied(ctx, s); err != nil {
		return verdict.Of(err)
	}
	return phase.Done("", "")
}

// keptReason is why access is kept from the person.
func (s *scope) keptReason() string {
	if s.user.Spec.Access == v1alpha1.AccessDisabled {
		return v1alpha1.ReasonAccessDisabled
	}
	return v1alpha1.ReasonAccessEnded
}
