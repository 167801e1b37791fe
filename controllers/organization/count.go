package organization

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
)

// count counts the Users of the organization from the cache.
func (r *Reconciler) count(ctx context.Context, org *v1alpha1.Organization) (*v1alpha1.OrganizationCounts, error) {
	var users v1alpha1.UserList
	err := r.Client.List(ctx, &users, client.InNamespace(org.Namespace),
		client.MatchingFields{index.Organization: org.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	counts := &v1alpha1.OrganizationCounts{}
	for i := range users.Items {
		add(counts, &users.Items[i])
	}
	return counts, nil
}

func add(counts *v1alpha1.OrganizationCounts, u *v1alpha1.User) {
	counts.Total++
	conditions := u.Status.Conditions
	if meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionPending) {
		counts.Pending++
	}
	if meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionAccepted) {
		counts.Accepted++
	}
	if !meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) {
		counts.NotReady++
	}
	if len(u.Spec.BusinessUnits) == 0 {
		counts.Unassigned++
	}
}
