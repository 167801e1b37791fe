package invitelink

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/causal"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/index"
	"github.com/rollcall-dev/rollcall/internal/watch"
)

// Setup adds the controller to the manager.
func (r *Reconciler) Setup(mgr ctrl.Manager, o controller.Options) error {
	inOrder, err := causal.New(causal.Options[*v1alpha1.InviteLink]{
		Cache: r.Client, Live: mgr.GetAPIReader(), Next: r, Clock: r.Clock,
		Told: func(o *v1alpha1.InviteLink) (string, int64) {
			return o.Spec.OrganizationRef.Name, o.Status.ObservedGeneration
		},
	})
	if err != nil {
		return err
	}
	links := func() client.ObjectList { return &v1alpha1.InviteLinkList{} }
	declared := builder.WithPredicates(watch.Declared(watch.Conditions))
	return ctrl.NewControllerManagedBy(mgr).
		Named("invitelink").
		For(&v1alpha1.InviteLink{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, links, index.Organization, watch.Name), declared).
		Watches(&v1alpha1.IdentityBackend{}, watch.Hosted(r.Client, links), builder.WithPredicates(watch.Abilities())).
		Watches(&v1alpha1.Role{}, watch.Those(r.Client, links, index.Role, watch.Name), declared).
		Watches(&v1alpha1.BusinessUnit{}, watch.Those(r.Client, links, index.BusinessUnit, watch.Name), declared).
		Watches(&v1alpha1.User{}, watch.Counted(index.LinkOf), builder.WithPredicates(answered())).
		WatchesRawSource(source.Func(r.followChanges)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, inOrder))
}

// answered passes Users by which somebody may have answered for a person who
// waits: they are let in, or go.
func answered() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*v1alpha1.User)
			after, alsoOk := e.ObjectNew.(*v1alpha1.User)
			return ok && alsoOk && (before.Spec.Access != after.Spec.Access ||
				before.DeletionTimestamp == nil && after.DeletionTimestamp != nil)
		},
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// followChanges enqueues the InviteLinks by which people want to join, for as
// long as the manager runs.
func (r *Reconciler) followChanges(ctx context.Context, q queue) error {
	watch.Follow(ctx, "changes of links", func(ctx context.Context, _ bool) error { return r.follow(ctx, q) })
	return nil
}

// follow enqueues all InviteLinks first, of which there are few: what came
// before the position that it begins from is seen then.
func (r *Reconciler) follow(ctx context.Context, q queue) error {
	head, err := r.Links.Head(ctx)
	if err != nil {
		return err
	}
	var list v1alpha1.InviteLinkList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list invite links: %w", err)
	}
	for i := range list.Items {
		q.Add(watch.Request(list.Items[i].Namespace, list.Items[i].Name))
	}
	return r.Links.FollowAfter(ctx, head, func(c directory.Change) {
		if name, ok := c.Link(); ok {
			namespace, _, _ := strings.Cut(string(c.Organization), "/")
			q.Add(watch.Request(namespace, name))
		}
	})
}
