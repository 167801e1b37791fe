package user

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// leaveDrift sets in what the member differs from what is declared and was
// applied already, where the organization only reports that, and returns the
// member as it is; the zero value for one who is not there any more.
func (r *Reconciler) leaveDrift(ctx context.Context, s *scope) (directory.ObservedMember, error) {
	policy := s.organization.Spec.Membership.Drift
	if policy != v1alpha1.DriftReport || s.holding.Applied == "" {
		return directory.ObservedMember{}, nil
	}
	member, err := s.backend.Member(ctx, s.id, s.current)
	observed := &member
	if directory.IsKind(err, directory.KindNotFound) {
		observed, err = nil, nil
	}
	if err != nil {
		return directory.ObservedMember{}, err
	}
	if d := plan.Decide(s.person, observed, s.holding.Applied, policy); d.Act == plan.ActLeave {
		s.left = d.Differs
	}
	return member, nil
}

// drifted reports whether one of the aspects is left as somebody else made it,
// and what to say then.
func (s *scope) drifted(of ...plan.Aspect) (phase.Answer, bool) {
	var told []string
	for _, aspect := range of {
		if slices.Contains(s.left, aspect) {
			told = append(told, string(aspect))
		}
	}
	if len(told) == 0 {
		return phase.Answer{}, false
	}
	return phase.Done(v1alpha1.ReasonMembersDiffer, fmt.Sprintf(
		"Applied as declared, and changed in the backend since: %s; spec.membership.drift of the Organization leaves it until this User is edited.",
		strings.Join(told, ", "))), true
}

// applied remembers what was applied, so that a later difference is known to be
// somebody else's.
func (r *Reconciler) applied(ctx context.Context, s *scope) error {
	fingerprint := s.person.Fingerprint()
	if s.holding.Applied == fingerprint {
		return nil
	}
	s.holding.Applied = fingerprint
	return r.Holdings.Hold(ctx, s.holding, s.user.Name)
}

// removedByOthers tells of somebody whom another hand removed from the backend,
// and whom the organization leaves removed: nobody is mailed about a membership
// that is not there.
func (s *scope) removedByOthers(inv directory.Invitation) phase.Answer {
	s.tell(inv, invite.Decision{Standing: invite.StandingGone})
	return phase.Done(v1alpha1.ReasonNotRequired, "Somebody removed the person from the backend, and spec.membership.drift of the Organization leaves that.")
}
