package organization

import (
	"cmp"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/ability"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/phase"
	"github.com/rollcall-dev/rollcall/internal/verdict"
)

// mayUse answers Done unless the backend is one organization and another one
// uses it: two declarations of who is a member there would undo each other.
func (r *Reconciler) mayUse(ctx context.Context, s *scope) phase.Answer {
	user, err := r.occupant(ctx, s)
	switch {
	case err != nil:
		return verdict.Of(err)
	case user == s.organization.Name:
		return phase.Done("", "")
	}
	s.displaced = true
	return phase.Stalled(v1alpha1.ReasonBackendInUse, fmt.Sprintf(
		"IdentityBackend %q is one organization, and Organization %q uses it: delete one of the two, or apply this one anew with an IdentityBackend of its own.",
		s.organization.Spec.BackendRef.Name, user))
}

// occupant names the Organization that uses the backend: of those that name it
// the oldest, and of those made in the same second the first by name. One that
// is being deleted uses it until it has left.
func (r *Reconciler) occupant(ctx context.Context, s *scope) (string, error) {
	org := s.organization
	if org.Spec.BackendRef == nil || s.can.Tenancy != directory.TenancyOne {
		return org.Name, nil
	}
	var rivals v1alpha1.OrganizationList
	err := r.Client.List(ctx, &rivals, client.InNamespace(org.Namespace),
		client.MatchingFields{index.Backend: org.Spec.BackendRef.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return "", fmt.Errorf("list organizations of the backend: %w", err)
	}
	first := org
	for i := range rivals.Items {
		if o := &rivals.Items[i]; occupies(o) && precedes(o, first) {
			first = o
		}
	}
	return first.Name, nil
}

// occupies reports whether an Organization uses its backend, or has yet to leave it.
func occupies(o *v1alpha1.Organization) bool {
	return o.DeletionTimestamp == nil || controllerutil.ContainsFinalizer(o, v1alpha1.Finalizer)
}

func precedes(a, b *v1alpha1.Organization) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name)) < 0
}

// mayRemove answers Done when the backend can remove all that is the
// organization's. It finds out whether anything there is: a backend that is
// gone, and one that another Organization uses, hold nothing that is.
func (r *Reconciler) mayRemove(ctx context.Context, s *scope) phase.Answer {
	backend, err := r.Backends.For(ctx, s.organization.Namespace, s.organization.Spec.BackendRef)
	if directory.IsKind(err, directory.KindNotFound) {
		return phase.Done("", "")
	}
	if err == nil {
		s.can, err = ability.Of(ctx, backend, s.organization.Spec.BackendRef)
	}
	if err != nil {
		return verdict.Of(err)
	}
	a := r.mayUse(ctx, s)
	switch {
	case s.displaced:
		return phase.Done("", "")
	case a.Word != phase.WordDone:
		return a
	}
	return s.can.TenantRemoval()
}

// displacedEnding is that of an Organization whose backend another one uses.
func displacedEnding() ending {
	return ending{
		corev1.EventTypeWarning, v1alpha1.ReasonRetained,
		"Another Organization uses the IdentityBackend: nothing in the backend was this one's, and nothing was removed there.",
	}
}

// contending passes Organizations that come to a backend and that leave it: who
// names the same one may be next.
func contending() predicate.Predicate {
	return predicate.Funcs{
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, ok := e.ObjectOld.(*v1alpha1.Organization)
			is, also := e.ObjectNew.(*v1alpha1.Organization)
			return ok && also && occupies(was) != occupies(is)
		},
	}
}

// backendOf names the backend of an Organization.
func backendOf(o client.Object) []string {
	if org, ok := o.(*v1alpha1.Organization); ok && org.Spec.BackendRef != nil {
		return []string{org.Spec.BackendRef.Name}
	}
	return nil
}
