package organization

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
)

// count counts the Users of the organization from the cache. They are read only.
func (r *Reconciler) count(ctx context.Context, s *scope) error {
	var users v1alpha1.UserList
	org := s.organization
	err := r.Client.List(ctx, &users, client.InNamespace(org.Namespace),
		client.MatchingFields{index.Organization: org.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	counts := &v1alpha1.OrganizationCounts{}
	for i := range users.Items {
		add(counts, &users.Items[i])
	}
	s.users, org.Status.Users = users.Items, counts
	return nil
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
	if c := meta.FindStatusCondition(conditions, v1alpha1.ConditionAccepted); c != nil {
		switch c.Reason {
		case v1alpha1.ReasonExpired:
			counts.Expired++
		case v1alpha1.ReasonDeclined:
			counts.Declined++
		}
	}
}
