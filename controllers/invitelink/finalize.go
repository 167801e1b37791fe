package invitelink

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize closes the link for good and lets the object go. Whoever has joined
// stays; those who are in and have no User yet get one first, because afterwards
// nobody knows of them. The Secret goes with its owner.
func (r *Reconciler) finalize(ctx context.Context, l *v1alpha1.InviteLink) phase.Outcome {
	if !controllerutil.ContainsFinalizer(l, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	s := newScope(l)
	err := r.Links.CloseLink(ctx, s.id, l.Name)
	if err == nil {
		err = r.lastJoins(ctx, s)
	}
	if err == nil {
		err = r.Links.RemoveLink(ctx, s.id, l.Name)
	}
	if err == nil {
		err = finalizer.Remove(ctx, r.Client, l, v1alpha1.Finalizer)
	}
	if err != nil {
		return phase.Only(verdict.Of(err))
	}
	return phase.Outcome{}
}

// lastJoins makes the Users that are still missing. With an Organization that is
// gone, or goes, all of its members go.
func (r *Reconciler) lastJoins(ctx context.Context, s *scope) error {
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: s.object.Namespace, Name: s.object.Spec.OrganizationRef.Name}, org)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("get organization: %w", err)
	case org.DeletionTimestamp != nil:
		return nil
	}
	if s.backend, err = r.Backends.For(ctx, org.Namespace, org.Spec.BackendRef); err != nil {
		return err
	}
	return r.each(ctx, s, directory.JoinConfirmed, r.declare)
}
