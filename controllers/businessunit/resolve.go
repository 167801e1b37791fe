package businessunit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// resolve finds the organization and every unit above.
func (r *Reconciler) resolve(ctx context.Context, s *scope) phase.Answer {
	org, a := reference.Organization(ctx, r.Client, s.unit.Namespace, s.unit.Spec.OrganizationRef)
	if a.Word != phase.WordDone {
		return a
	}
	if a := r.climb(ctx, s); a.Word != phase.WordDone {
		return a
	}
	backend, err := r.Backends.For(ctx, org.Namespace, org.Spec.BackendRef)
	if err != nil {
		return verdict.Of(err)
	}
	if s.can, err = ability.Of(ctx, backend, org.Spec.BackendRef); err != nil {
		return verdict.Of(err)
	}
	if err := finalizer.Add(ctx, r.Client, s.unit, v1alpha1.Finalizer); err != nil {
		return verdict.Of(err)
	}
	s.organization, s.backend = org, backend
	return phase.Done(v1alpha1.ReasonSucceeded, "Everything that the spec names exists.")
}

// climb walks up to the top and finds what is missing, or a circle, on the way.
// A circle is looked for before a unit that is not provisioned is waited for:
// within a circle none ever is.
func (r *Reconciler) climb(ctx context.Context, s *scope) phase.Answer {
	s.path = []string{s.unit.Name}
	answer := phase.Done("", "")
	for at := s.unit; at.Spec.ParentRef != nil; {
		name := at.Spec.ParentRef.Name
		if slices.Contains(s.path, name) {
			return phase.Stalled(v1alpha1.ReasonInvalidSpec, fmt.Sprintf(
				"spec.parentRef leads in a circle: %s; leave parentRef out in one of them.", strings.Join(append(s.path, name), ", ")))
		}
		parent, a := r.parent(ctx, s.unit, name)
		if a.Word != phase.WordDone {
			return a
		}
		if at == s.unit && !reference.Provisioned(parent.Status.Conditions) {
			answer = reference.NotReady("BusinessUnit", name)
		}
		s.path = append(s.path, name)
		at = parent
	}
	slices.Reverse(s.path)
	return answer
}

func (r *Reconciler) parent(ctx context.Context, of *v1alpha1.BusinessUnit, name string) (*v1alpha1.BusinessUnit, phase.Answer) {
	parent := &v1alpha1.BusinessUnit{}
	missing, a := reference.Get(ctx, r.Client, client.ObjectKey{Namespace: of.Namespace, Name: name}, parent, "BusinessUnit")
	if a.Word == phase.WordDone && (missing || parent.Spec.OrganizationRef != of.Spec.OrganizationRef) {
		a = reference.Missing("BusinessUnit", name)
	}
	return parent, a
}
