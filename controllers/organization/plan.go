package organization

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/plan"
	"github.com/rollcall-dev/rollcall/internal/status"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// plan computes what would be done and does nothing: backend and ledger are only
// read. Conditions of what was done before stay as they are.
func (r *Reconciler) plan(ctx context.Context, s *scope) phase.Outcome {
	if _, err := tenantOf(s); err != nil {
		return phase.Only(phase.Stalled(v1alpha1.ReasonInvalidSpec, err.Error()+"."))
	}
	if a := r.backend(ctx, s); a.Word != phase.WordDone {
		return phase.Outcome{Steps: []phase.Step{{Condition: v1alpha1.ConditionBackendReady, Answer: a}}, Keep: true}
	}
	if a := s.can.Organization(&s.organization.Spec); a.Word != phase.WordDone {
		return phase.Only(a)
	}
	facts, due, err := r.foresee(ctx, s)
	if err != nil {
		return phase.Only(verdict.Of(err))
	}
	c := plan.Compare(facts)
	org := s.organization
	org.Status.Plan = plan.Summary(c.Plan())
	message := "The mode is Plan: nothing is sent, changed or removed, and status.plan tells what would be."
	if facts.Complete {
		var kept plan.Kept
		if org.Spec.Membership.Undeclared == v1alpha1.UndeclaredRemove {
			_, kept = c.Removable()
		}
		s.tell(c, 0, kept)
		s.listed(r.appointment(s).seenAt)
		org.Status.ResyncRequestedAt = request(org, v1alpha1.AnnotationResync)
	} else {
		s.doubt("The backend does not vouch that its listing of members is complete.")
		message += " The backend does not vouch that its listing of members is complete, so neither is the plan."
	}
	s.planned()
	return phase.Only(phase.DoneUntil(earliest(due, r.export(ctx, s)), v1alpha1.ReasonPlanned, message))
}

// foresee gathers what the plan depends on. Members are listed when that is due,
// and otherwise when what was listed is not fresh any more; Users are always
// those of now.
func (r *Reconciler) foresee(ctx context.Context, s *scope) (plan.Facts, time.Time, error) {
	a := r.appointment(s)
	occasion, _ := occasionOf(s.organization)
	fresh := a.seen != nil && r.Clock.Since(a.seenAt) < planFresh
	if fresh && !r.schedule.isDue(a, occasion) {
		if err := r.count(ctx, s); err != nil {
			return plan.Facts{}, a.due, err
		}
		facts := *a.seen
		facts.Now, facts.Spec, facts.Users = r.Clock.Now(), &s.organization.Spec, s.users
		return facts, a.due, nil
	}
	facts, err := r.lookAhead(ctx, s)
	if err != nil {
		return plan.Facts{}, a.due, err
	}
	a.occasion, a.due = occasion, r.schedule.after(listEvery, listJitter)
	seen := facts
	seen.Users = nil
	a.seen, a.seenAt = &seen, facts.Now
	return facts, a.due, nil
}

// lookAhead looks, also at a tenant that does not exist yet: nobody is there.
func (r *Reconciler) lookAhead(ctx context.Context, s *scope) (plan.Facts, error) {
	facts, err := r.look(ctx, s, mayBeMissing{s.backend})
	if err != nil {
		return plan.Facts{}, err
	}
	facts.Invitations, err = r.invitations(ctx, s)
	return facts, err
}

// mayBeMissing lists nobody in a tenant that does not exist.
type mayBeMissing struct{ lister }

// ListMembers implements [directory.Backend.ListMembers].
func (b mayBeMissing) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	page, err := b.lister.ListMembers(ctx, org, cursor)
	if directory.IsKind(err, directory.KindNotFound) && cursor == "" {
		return directory.MemberPage{Complete: true}, nil
	}
	return page, err
}

// planned says that the backend can be used, and of an organization that nobody
// has provisioned yet that this is on purpose.
func (s *scope) planned() {
	org := s.organization
	status.Set(&org.Status.Conditions, org.Generation, metav1.Condition{
		Type: v1alpha1.ConditionBackendReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, Message: usable,
	})
	c := meta.FindStatusCondition(org.Status.Conditions, v1alpha1.ConditionProvisioned)
	if c == nil || c.Status == metav1.ConditionUnknown || c.Reason == v1alpha1.ReasonPlanned {
		status.Set(&org.Status.Conditions, org.Generation, metav1.Condition{
			Type: v1alpha1.ConditionProvisioned, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonPlanned,
			Message: "The mode is Plan: the backend is told when it is Enforce.",
		})
	}
}
