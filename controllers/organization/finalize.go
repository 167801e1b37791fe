package organization

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize removes the tenant, or leaves it, as the deletion policy says, and
// lets the object go. It never waits for a User: those that are still there find
// the Organization gone, and let go themselves.
func (r *Reconciler) finalize(ctx context.Context, s *scope) phase.Outcome {
	org := s.organization
	if !controllerutil.ContainsFinalizer(org, v1alpha1.Finalizer) {
		r.schedule.forget(client.ObjectKeyFromObject(org))
		return phase.Outcome{}
	}
	remove := org.Spec.DeletionPolicy == v1alpha1.DeletionRemove
	switch {
	case org.Spec.Suspend:
		return r.suspended(ctx, s, "Suspended by spec.suspend: the deletion waits until it is false.")
	case remove && org.Spec.Mode == v1alpha1.ModePlan:
		return phase.Only(phase.Done(v1alpha1.ReasonPlanned,
			"The mode is Plan: the deletion would remove the organization from the backend, and waits until the mode is Enforce or deletionPolicy Retain."))
	}
	if remove {
		if a := r.mayRemove(ctx, s); a.Word != phase.WordDone {
			return phase.Only(a)
		}
	}
	ending, err := r.letGoOfTenant(ctx, s, remove)
	if err == nil {
		err = finalizer.Remove(ctx, r.Client, org, v1alpha1.Finalizer)
	}
	if err != nil {
		return phase.Only(verdict.Of(err))
	}
	r.schedule.forget(client.ObjectKeyFromObject(org))
	// Told last: a removal of the finalizer that conflicts is repeated, and is no
	// second happening.
	if isSuspended(org) {
		h := resumed()
		r.Recorder.Eventf(org, nil, h.Type, h.Reason, h.Action, "%s", h.Note)
	}
	r.Recorder.Eventf(org, nil, ending.severity, ending.reason, "Delete", "%s", ending.note)
	return phase.Outcome{}
}

// ending is what an event tells about a tenant that nobody declares any more.
type ending struct{ severity, reason, note string }

func (r *Reconciler) letGoOfTenant(ctx context.Context, s *scope, remove bool) (ending, error) {
	if err := r.Ledger.ResumeOrganization(ctx, s.id); err != nil {
		return ending{}, err
	}
	if !remove {
		return ending{
			corev1.EventTypeNormal, v1alpha1.ReasonRetained,
			"The organization stays in the backend with everybody in it, as spec.deletionPolicy says.",
		}, nil
	}
	backend, err := r.Backends.For(ctx, s.organization.Namespace, s.organization.Spec.BackendRef)
	if directory.IsKind(err, directory.KindNotFound) {
		// Nobody can say any more where it is, and waiting for what may be deleted
		// together with it would be for ever.
		return ending{
			corev1.EventTypeWarning, v1alpha1.ReasonRetained,
			"The IdentityBackend is gone, so the organization could not be removed and stays where it is.",
		}, nil
	}
	if err != nil {
		return ending{}, err
	}
	// The links die before the members go: otherwise somebody could accept in between.
	if err := r.Ledger.RemoveOrganization(ctx, s.id); err != nil {
		return ending{}, fmt.Errorf("revoke all invitations: %w", err)
	}
	if !s.displaced {
		if err := backend.RemoveOrganization(ctx, s.id); err != nil {
			return ending{}, fmt.Errorf("remove organization: %w", err)
		}
	}
	if err := r.Ledger.ReleaseAll(ctx, s.id); err != nil {
		return ending{}, fmt.Errorf("release addresses: %w", err)
	}
	if s.displaced {
		return displacedEnding(), nil
	}
	return ending{corev1.EventTypeNormal, v1alpha1.ReasonRemoved, "The organization is removed from the backend with everybody in it."}, nil
}
