package user

import (
	"context"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// access gives the person exactly the declared roles and units. What the spec
// does not mention stays as the backend has it.
func (r *Reconciler) access(ctx context.Context, s *scope) phase.Answer {
	wanted, rail := r.demotion(ctx, s, s.person.Access.Over(s.member.Access))
	if rail.Word == phase.WordFailed {
		return rail
	}
	if !declared.SameAccess(s.member.Access, wanted) {
		if err := s.backend.ApplyAccess(ctx, s.id, s.current, wanted); err != nil {
			return verdict.Of(err)
		}
	}
	switch {
	case rail.Word != phase.WordDone:
		return rail
	case s.kept():
		return phase.Done(s.keptReason(), "Roles and units are recorded, and hold from the moment access is enabled.")
	case !s.active():
		return phase.Done(v1alpha1.ReasonDeferredUntilAccepted,
			"Roles and units are recorded, and hold from the moment the person accepts.")
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "Roles and units are as declared.")
}

// keptReason is why access is kept from the person.
func (s *scope) keptReason() string {
	if s.user.Spec.Access == v1alpha1.AccessDisabled {
		return v1alpha1.ReasonAccessDisabled
	}
	return v1alpha1.ReasonAccessEnded
}
