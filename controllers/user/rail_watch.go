package user

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// enqueueStopped enqueues the Users of an organization whom a rail may have
// stopped, or let go: those that are to be removed or disabled, and those whose
// mail has not left.
func (r *Reconciler) enqueueStopped(ctx context.Context, org directory.OrganizationID, q queue) {
	namespace, name, _ := strings.Cut(string(org), "/")
	var list v1alpha1.UserList
	err := r.Client.List(ctx, &list, client.InNamespace(namespace), client.MatchingFields{index.Organization: name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		log.FromContext(ctx).Error(err, "find whom a rail concerns")
		return
	}
	for i := range list.Items {
		if u := &list.Items[i]; u.DeletionTimestamp != nil || !meta.IsStatusConditionTrue(u.Status.Conditions, v1alpha1.ConditionReady) {
			q.Add(watch.Request(u.Namespace, u.Name))
		}
	}
}
