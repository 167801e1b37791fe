package organization

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

const usable = "The backend can be used."

// backend finds the system that holds the members, waits until it can be used,
// and makes sure that it is nobody else's.
func (r *Reconciler) backend(ctx context.Context, s *scope) phase.Answer {
	org := s.organization
	if ref := org.Spec.BackendRef; ref != nil {
		named := &v1alpha1.IdentityBackend{}
		missing, a := reference.Get(ctx, r.Client, client.ObjectKey{Namespace: org.Namespace, Name: ref.Name}, named, "IdentityBackend")
		switch {
		case a.Word != phase.WordDone:
			return a
		case missing:
			return reference.Missing("IdentityBackend", ref.Name)
		case !reference.Usable(named.Status.Conditions):
			return reference.NotReady("IdentityBackend", ref.Name)
		}
	}
	backend, err := r.Backends.For(ctx, org.Namespace, org.Spec.BackendRef)
	if err != nil {
		return verdict.Of(err)
	}
	if s.can, err = ability.Of(ctx, backend, org.Spec.BackendRef); err != nil {
		return verdict.Of(err)
	}
	if a := r.mayUse(ctx, s); a.Word != phase.WordDone {
		return a
	}
	s.backend = backend
	return phase.Done(v1alpha1.ReasonSucceeded, usable)
}
