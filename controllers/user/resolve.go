package user

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// +kubebuilder:rbac:groups=iam.rollcall.dev,resources=organizations;roles;businessunits,verbs=get;list;watch

// resolve finds everything that the spec names, and makes sure that the address
// is one and is nobody else's.
func (r *Reconciler) resolve(ctx context.Context, s *scope) phase.Answer {
	for _, step := range []func(context.Context, *scope) phase.Answer{
		r.resolveAddress, r.resolveDuplicate, r.resolveOrganization, r.resolveAbilities, r.resolveGrants, r.putFinalizer,
	} {
		if a := step(ctx, s); a.Word != phase.WordDone {
			return a
		}
	}
	return phase.Done(v1alpha1.ReasonSucceeded, "Everything that the spec names exists.")
}

func (r *Reconciler) resolveAddress(_ context.Context, s *scope) phase.Answer {
	person, err := declared.Of(s.user, r.Clock.Now())
	if err != nil {
		return phase.Stalled(v1alpha1.ReasonInvalidSpec, err.Error()+".")
	}
	s.person, s.current = person, person.Address
	return phase.Done("", "")
}

func (r *Reconciler) resolveDuplicate(ctx context.Context, s *scope) phase.Answer {
	holder, err := r.holder(ctx, s.user)
	if err != nil {
		return verdict.Of(err)
	}
	if holder.Name != s.user.Name {
		s.isSomebodyElses()
		return phase.Stalled(v1alpha1.ReasonDuplicateEmail,
			fmt.Sprintf("User %q has this address in the same Organization; delete one of the two.", holder.Name))
	}
	return phase.Done("", "")
}

func (r *Reconciler) resolveOrganization(ctx context.Context, s *scope) phase.Answer {
	org, a := reference.Organization(ctx, r.Client, s.user.Namespace, s.user.Spec.OrganizationRef)
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
	s.organization, s.backend, s.inviter = org, backend, r.Backends.Inviter(backend)
	if reminder, is := s.inviter.(directory.Reminder); is {
		s.reminder = reminder
	}
	s.id = reference.OrganizationID(org.Namespace, s.user.Spec.OrganizationRef)
	return a
}

// resolveAbilities makes sure that the backend can hold all that is declared,
// before anything of it is looked for or done.
func (r *Reconciler) resolveAbilities(_ context.Context, s *scope) phase.Answer {
	return s.can.User(&s.user.Spec)
}

func (r *Reconciler) resolveGrants(ctx context.Context, s *scope) phase.Answer {
	found, a := reference.Grants{
		Namespace: s.user.Namespace, Organization: s.user.Spec.OrganizationRef,
		Field: "spec.roles", Roles: s.user.Spec.Roles, Units: index.BusinessUnitsOf(s.user),
	}.Find(ctx, r.Client)
	s.roles, s.units = found.Roles, found.Units
	return a
}

// putFinalizer puts the finalizer on, before anything is done outside Kubernetes.
func (r *Reconciler) putFinalizer(ctx context.Context, s *scope) phase.Answer {
	if err := finalizer.Add(ctx, r.Client, s.user, v1alpha1.Finalizer); err != nil {
		return verdict.Of(err)
	}
	return phase.Done("", "")
}
