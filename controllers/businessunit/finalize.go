package businessunit

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize removes the unit from the backend, also when its Organization is
// gone already, and lets the object go.
func (r *Reconciler) finalize(ctx context.Context, u *v1alpha1.BusinessUnit) phase.Outcome {
	if !controllerutil.ContainsFinalizer(u, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	if err := r.release(ctx, u); err != nil {
		return phase.Only(verdict.Of(err))
	}
	return phase.Outcome{}
}

func (r *Reconciler) release(ctx context.Context, u *v1alpha1.BusinessUnit) error {
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: u.Namespace, Name: u.Spec.OrganizationRef.Name}, org)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("get organization: %w", err)
	}
	backend, err := r.Backends.For(ctx, u.Namespace, org.Spec.BackendRef)
	if err != nil {
		return err
	}
	if err := backend.RemoveUnit(ctx, reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef), u.Name); err != nil {
		return err
	}
	return finalizer.Remove(ctx, r.Client, u, v1alpha1.Finalizer)
}
