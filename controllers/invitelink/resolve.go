package invitelink

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

func newScope(l *v1alpha1.InviteLink) *scope {
	return &scope{
		object: l, id: reference.OrganizationID(l.Namespace, l.Spec.OrganizationRef),
		roles: map[string]*v1alpha1.Role{}, units: map[string]*v1alpha1.BusinessUnit{},
	}
}

// resolve finds everything that the spec names. Where it does not get that far,
// Open says how the link stands all the same.
func (r *Reconciler) resolve(ctx context.Context, s *scope) phase.Answer {
	for _, step := range []func(context.Context, *scope) phase.Answer{
		r.resolveOrganization, r.resolveAbilities, r.resolveDomains, r.resolveGrants, r.putFinalizer,
	} {
		a := step(ctx, s)
		if a.Word == phase.WordDone {
			continue
		}
		if err := r.unresolved(ctx, s, a); err != nil {
			return verdict.Of(err)
		}
		return a
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "Everything that the spec names exists.")
}

// unresolved closes the link while nothing is to be done in the organization,
// and tells how a link stands that cannot be brought up to date. Whoever has
// joined by it is in, and is declared all the same: what is missing, their
// Users wait for themselves.
func (r *Reconciler) unresolved(ctx context.Context, s *scope, a phase.Answer) error {
	if a.Word == phase.WordHalted {
		if err := r.Links.CloseLink(ctx, s.id, s.object.Name); err != nil {
			return err
		}
		s.set(metav1.ConditionFalse, a.Reason, a.Message)
		return nil
	}
	if s.backend != nil {
		if err := r.each(ctx, s, directory.JoinConfirmed, r.declare); err != nil {
			return err
		}
	}
	link, err := r.Links.LinkStatus(ctx, s.id, s.object.Name)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		s.set(metav1.ConditionFalse, a.Reason, "There is no link: "+a.Message)
	case err == nil:
		s.tell(link)
	case a.Word != phase.WordFailed:
		return err
	}
	return nil
}

func (r *Reconciler) resolveOrganization(ctx context.Context, s *scope) phase.Answer {
	org, a := reference.Organization(ctx, r.Client, s.object.Namespace, s.object.Spec.OrganizationRef)
	if a.Word != phase.WordDone {
		return a
	}
	backend, err := r.Backends.For(ctx, org.Namespace, org.Spec.BackendRef)
	if err != nil {
		return verdict.Of(err)
	}
	if s.can, err = ability.Of(ctx, backend, org.Spec.BackendRef); err != nil {
		return verdict.Of(err)
	}
	if s.can.Invitations != directory.InvitationsOurs {
		return phase.Stalled(v1alpha1.ReasonUnsupported, fmt.Sprintf(
			"The backend of Organization %q sends its own invitations, and knows no links that many share; invite people with a User or an InviteBatch.", org.Name))
	}
	s.organization, s.backend = org, backend
	return a
}

// resolveAbilities makes sure that the backend can hold what the template gives,
// before anybody joins for whom it could not.
func (r *Reconciler) resolveAbilities(_ context.Context, s *scope) phase.Answer {
	return s.can.Link(&s.object.Spec.Template)
}

// resolveDomains brings the domains to the form in which addresses have theirs.
func (r *Reconciler) resolveDomains(_ context.Context, s *scope) phase.Answer {
	for i, domain := range s.object.Spec.AllowedDomains {
		parsed, err := address.Parse("anybody@" + domain)
		if err != nil {
			return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"spec.allowedDomains[%d]: %q is not a domain; write one such as example.com.", i, domain))
		}
		s.domains = append(s.domains, parsed.Domain())
	}
	slices.Sort(s.domains)
	s.domains = slices.Compact(s.domains)
	return phase.Done("", "")
}

// resolveGrants finds what the template names, before anybody joins who could
// not be given it.
func (r *Reconciler) resolveGrants(ctx context.Context, s *scope) phase.Answer {
	found, a := reference.Grants{
		Namespace: s.object.Namespace, Organization: s.object.Spec.OrganizationRef,
		Field: "spec.template.roles", Roles: s.object.Spec.Template.Roles, Units: index.BusinessUnitsOf(s.object),
	}.Find(ctx, r.Client)
	s.roles, s.units = found.Roles, found.Units
	return a
}

// putFinalizer comes before anything is done outside Kubernetes.
func (r *Reconciler) putFinalizer(ctx context.Context, s *scope) phase.Answer {
	if err := finalizer.Add(ctx, r.Client, s.object, v1alpha1.Finalizer); err != nil {
		return verdict.Of(err)
	}
	return phase.Done("", "")
}
