package user

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/finalizer"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// finalize ends the membership as the removal policy says, revokes what is
// pending, and lets the object go. When another living User has the address,
// the membership is that one's, and nothing is removed.
func (r *Reconciler) finalize(ctx context.Context, u *v1alpha1.User) phase.Outcome {
	if !controllerutil.ContainsFinalizer(u, v1alpha1.Finalizer) {
		return phase.Outcome{}
	}
	ending, err := r.release(ctx, u)
	if err == nil {
		err = finalizer.Remove(ctx, r.Client, u, v1alpha1.Finalizer)
	}
	if err != nil {
		return phase.Only(verdict.Of(err))
	}
	// Told last: a removal of the finalizer that conflicts is repeated, and is no
	// second happening.
	if ending.reason != "" {
		r.Recorder.Eventf(u, nil, corev1.EventTypeNormal, ending.reason, "Delete", "%s", ending.note)
	}
	return phase.Outcome{}
}

// ending is what an event tells about a membership that is no longer this User's.
type ending struct{ reason, note string }

func (r *Reconciler) release(ctx context.Context, u *v1alpha1.User) (ending, error) {
	canonical, err := address.Canonical(u.Spec.Email)
	if err != nil {
		return ending{}, nil //nolint:nilerr // an address that is none was never given to a backend
	}
	others, err := r.sameAddress(ctx, u)
	if err != nil {
		return ending{}, err
	}
	if len(others) > 0 {
		heir := slices.MinFunc(others, precedence)
		return ending{v1alpha1.ReasonHandedOver, fmt.Sprintf("User %q has the same address; the membership is now its.", heir.Name)}, nil
	}
	backend, err := r.backendOf(ctx, u)
	if err != nil {
		return ending{}, err
	}
	return r.remove(ctx, u, backend, canonical)
}

// backendOf finds the backend also when the Organization is gone already.
func (r *Reconciler) backendOf(ctx context.Context, u *v1alpha1.User) (directory.Backend, error) {
	org := &v1alpha1.Organization{}
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: u.Namespace, Name: u.Spec.OrganizationRef.Name}, org)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("get organization: %w", err)
	}
	return r.Backends.For(ctx, u.Namespace, org.Spec.BackendRef)
}

func (r *Reconciler) remove(ctx context.Context, u *v1alpha1.User, backend directory.Backend, canonical string) (ending, error) {
	id := reference.OrganizationID(u.Namespace, u.Spec.OrganizationRef)
	// The link dies before the member goes: otherwise somebody could accept in between.
	if err := r.Backends.Inviter(backend).Close(ctx, id, canonical); err != nil {
		return ending{}, fmt.Errorf("revoke invitation: %w", err)
	}
	switch u.Spec.RemovalPolicy {
	case v1alpha1.RemovalPolicyRetain:
		return ending{v1alpha1.ReasonRetained, "The person stays as they are in the backend."}, nil
	case v1alpha1.RemovalPolicyDisable:
		if err := backend.RemoveMember(ctx, id, canonical, directory.RemovalDisable); err != nil {
			return ending{}, fmt.Errorf("disable member: %w", err)
		}
		return ending{v1alpha1.ReasonDisabled, "The person is disabled in the backend."}, nil
	default:
		if err := backend.RemoveMember(ctx, id, canonical, directory.RemovalDrop); err != nil {
			return ending{}, fmt.Errorf("remove member: %w", err)
		}
		return ending{v1alpha1.ReasonRemoved, "The person is removed from the backend."}, nil
	}
}
