package identitybackend

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
)

// count sums up what the last listings of the Organizations showed that use the
// backend.
func (r *Reconciler) count(ctx context.Context, b *v1alpha1.IdentityBackend) error {
	var organizations v1alpha1.OrganizationList
	err := r.Client.List(ctx, &organizations, client.InNamespace(b.Namespace),
		client.MatchingFields{index.Backend: b.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("list organizations: %w", err)
	}
	b.Status.Members, b.Status.LastCompleteListing = nil, nil
	for i := range organizations.Items {
		seen := organizations.Items[i].Status.Members
		if seen == nil || seen.ObservedAt == nil {
			continue
		}
		total := seen.Total
		if b.Status.Members != nil {
			total = int32(min(int64(total)+int64(*b.Status.Members), 1<<30))
		}
		b.Status.Members = &total
		if newest := b.Status.LastCompleteListing; newest == nil || newest.Before(seen.ObservedAt) {
			b.Status.LastCompleteListing = &metav1.Time{Time: seen.ObservedAt.Time}
		}
	}
	return nil
}

// named requests the IdentityBackend that an Organization names.
func named(_ context.Context, o client.Object) []reconcile.Request {
	org, ok := o.(*v1alpha1.Organization)
	if !ok || org.Spec.BackendRef == nil {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: org.Namespace, Name: org.Spec.BackendRef.Name}}}
}

// listed passes Organizations whose members were listed since, and those that go.
func listed() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, ok := e.ObjectOld.(*v1alpha1.Organization)
			is, also := e.ObjectNew.(*v1alpha1.Organization)
			return ok && also && !sameListing(was.Status.Members, is.Status.Members)
		},
	}
}

func sameListing(a, b *v1alpha1.ObservedMembers) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Total == b.Total && a.ObservedAt.Equal(b.ObservedAt)
}
