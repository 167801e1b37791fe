package organization

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// observe lists the members when that is due, tells how they differ from what is
// declared, and acts on it as spec.membership says. It returns when it is due
// next; zero for never. A failure holds nothing else up and is tried again.
func (r *Reconciler) observe(ctx context.Context, s *scope) time.Time {
	a := r.appointment(s)
	// Only plans need it, and it is as large as the organization.
	a.seen = nil
	if !looks(s.organization.Spec.Membership) {
		return r.unobserved(ctx, s)
	}
	occasion, _ := occasionOf(s.organization)
	if !r.schedule.isDue(a, occasion) {
		if a.told != nil {
			s.repeat(a.told)
		}
		return a.due
	}
	a.occasion = occasion
	facts, err := r.look(ctx, s, s.backend)
	if err == nil && facts.Complete {
		err = r.conclude(ctx, s, a, facts)
	}
	switch {
	case err != nil:
		log.FromContext(ctx).Error(err, "compare the members with what is declared; it is tried again")
		s.doubt("The listing of the backend's members was broken off; it is tried again, and until then nobody is removed whom no User declares.")
		a.due = r.schedule.after(listAgain, 0)
	case !facts.Complete:
		s.doubt("The backend does not vouch that its listing of members is complete; nobody is removed whom no User declares.")
		r.correct(ctx, s, plan.Compare(facts))
		a.due = r.schedule.after(listDoubtful, listAgain)
	}
	a.told = s.told()
	return a.due
}

// looks reports whether anything is to be done about what a listing shows.
func looks(m v1alpha1.OrganizationMembership) bool {
	return m.Undeclared != v1alpha1.UndeclaredIgnore || m.Drift != v1alpha1.DriftReport
}

// appointment is when the organization's members are to be listed.
func (r *Reconciler) appointment(s *scope) *appointment {
	occasion, known := occasionOf(s.organization)
	return r.schedule.appointment(client.ObjectKeyFromObject(s.organization), occasion, known)
}

// occasionOf names what a listing would be made for, beside that it is time: an
// edit, or that somebody asks. It reports whether one was made for that.
func occasionOf(org *v1alpha1.Organization) (string, bool) {
	asked := request(org, v1alpha1.AnnotationResync)
	c := meta.FindStatusCondition(org.Status.Conditions, v1alpha1.ConditionDriftDetected)
	known := c != nil && c.Reason != v1alpha1.ReasonProgressing && c.ObservedGeneration == org.Generation &&
		(asked == "" || asked == org.Status.ResyncRequestedAt)
	return fmt.Sprintf("%d %s", org.Generation, asked), known
}

// conclude acts on a complete listing, and tells what it showed.
func (r *Reconciler) conclude(ctx context.Context, s *scope, a *appointment, facts plan.Facts) error {
	c := plan.Compare(facts)
	removed, kept, err := r.remove(ctx, s, c)
	if err != nil {
		return err
	}
	if err := r.letGo(ctx, s, facts.Holdings); err != nil {
		return err
	}
	r.correct(ctx, s, c)
	s.tell(c, removed, kept)
	s.listed(facts.Now)
	s.organization.Status.ResyncRequestedAt = request(s.organization, v1alpha1.AnnotationResync)
	// What is corrected now is looked at once more, so that nobody reads for an
	// hour that it differs.
	check := len(c.Drifted) > 0 && s.organization.Spec.Membership.Drift != v1alpha1.DriftReport && !a.checked
	a.checked, a.due = check, r.schedule.after(listEvery, listJitter)
	if check {
		a.due = r.schedule.after(listAgain, 0)
	}
	return nil
}

// correct has the Users reconciled whose member is not as declared: they apply
// what they declare.
func (r *Reconciler) correct(ctx context.Context, s *scope, c plan.Comparison) {
	if s.organization.Spec.Membership.Drift == v1alpha1.DriftReport {
		return
	}
	for _, name := range c.Differing {
		r.Drifted(ctx, s.organization.Namespace, name)
	}
}

// unobserved says that nobody looks. Who waited to be removed waits no more.
func (r *Reconciler) unobserved(ctx context.Context, s *scope) time.Time {
	if s.says(v1alpha1.ReasonNotObserved) {
		return time.Time{}
	}
	if _, err := r.Rails.ReserveUndeclared(ctx, s.id, nil, directory.RemovalLimit{}); err != nil {
		log.FromContext(ctx).Error(err, "forget who was to be removed; it is tried again")
		return r.schedule.after(listAgain, 0)
	}
	s.organization.Status.Members = nil
	s.organization.Status.ResyncRequestedAt = request(s.organization, v1alpha1.AnnotationResync)
	s.notObserved()
	return time.Time{}
}
