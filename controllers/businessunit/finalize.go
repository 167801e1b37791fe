package businessunit

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize removes the unit from the backend and lets the object go. When the
// Organization is gone, on its way out, or another one uses the backend, nothing is removed: what becomes of
// all that is in it is its deletionPolicy's matter, and nobody can say any more
// where it is. While the Organization is suspended or only plans, it waits.
func (r *Reconciler) finalize(ctx context.Context, u *v1alpha1.BusinessUnit) phase.Outcome {
	if !controllerutil.ContainsFinalizer(u, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: u.Namespace, Name: u.Spec.OrganizationRef.Name}, org)
	switch {
	case apierrors.IsNotFound(err) || err == nil && (org.DeletionTimestamp != nil || reference.Displaced(org.Status.Conditions)):
		err = nil
	case err != nil:
		err = fmt.Errorf("get organization: %w", err)
	default:
		if a, halted := reference.Halted(org); halted {
			return phase.Only(a)
		}
		err = r.remove(ctx, u, org)
	}
	if err == nil {
		err = finalizer.Remove(ctx, r.Client, u, v1alpha1.Finalizer)
	}
	if err != nil {
		return phase.Only(verdict.Of(err))
	}
	return phase.Outcome{}
}

func (r *Reconciler) remove(ctx context.Context, u *v1alpha1.BusinessUnit, org *v1alpha1.Organization) error {
	backend, err := r.Backends.For(ctx, u.Namespace, org.Spec.BackendRef)
	if err != nil {
		return err
	}
	return backend.RemoveUnit(ctx, reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), u.Name)
}
