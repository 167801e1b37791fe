package role

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

// finalize removes the role from the backend, also when its Organization is
// gone already, and lets the object go.
func (r *Reconciler) finalize(ctx context.Context, role *v1alpha1.Role) phase.Outcome {
	if !controllerutil.ContainsFinalizer(role, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	if err := r.release(ctx, role); err != nil {
		return phase.Only(verdict.Of(err))
	}
	return phase.Outcome{}
}

func (r *Reconciler) release(ctx context.Context, role *v1alpha1.Role) error {
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: role.Namespace, Name: role.Spec.OrganizationRef.Name}, org)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("get organization: %w", err)
	}
	backend, err := r.Backends.For(ctx, role.Namespace, org.Spec.BackendRef)
	if err != nil {
		return err
	}
	if err := backend.RemoveRole(ctx, reference.OrganizationID(role.Namespace, role.Spec.OrganizationRef), role.Name); err != nil {
		return err
	}
	return finalizer.Remove(ctx, r.Client, role, v1alpha1.Finalizer)
}
