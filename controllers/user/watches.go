package user

import (
	"context"
	"fmt"
	"slices"
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
	inOrder, err := causal.New(causal.Options[*v1alpha1.User]{
		Cache: r.Client, Live: mgr.GetAPIReader(), Next: r, Clock: r.Clock,
		Told: func(o *v1alpha1.User) (string, int64) {
			return o.Spec.OrganizationRef.Name, o.Status.ObservedGeneration
		},
	})
	if err != nil {
		return err
	}
	users := func() client.ObjectList { return &v1alpha1.UserList{} }
	declared := builder.WithPredicates(watch.Declared(watch.Conditions))
	return ctrl.NewControllerManagedBy(mgr).
		Named("user").
		For(&v1alpha1.User{}, builder.WithPredicates(predicate.Or(
			predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{}))).
		Watches(&v1alpha1.Organization{}, watch.Those(r.Client, users, index.Organization, watch.Name), declared).
		Watches(&v1alpha1.IdentityBackend{}, watch.Hosted(r.Client, users), builder.WithPredicates(watch.Abilities())).
		Watches(&v1alpha1.Role{}, watch.Those(r.Client, users, index.Role, watch.Name), declared).
		Watches(&v1alpha1.BusinessUnit{}, watch.Those(r.Client, users, index.BusinessUnit, watch.Name), declared).
		Watches(&v1alpha1.User{}, watch.Those(r.Client, users, index.Person, person), builder.WithPredicates(departing())).
		WatchesRawSource(source.Func(r.followChanges)).
		WatchesRawSource(r.followDrift(r.Drifted)).
		WithOptions(o).
		Complete(reconcile.AsReconciler(r.Client, inOrder))
}

func person(o client.Object) []string {
	u, ok := o.(*v1alpha1.User)
	if !ok {
		return nil
	}
	return []string{index.PersonKey(u.Spec.OrganizationRef.Name, u.Spec.Email)}
}

// departing passes Users that go, and those that come to an address: one of
// them may take over what another one had.
func departing() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return true },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetDeletionTimestamp() == nil && e.ObjectNew.GetDeletionTimestamp() != nil ||
				!slices.Equal(person(e.ObjectOld), person(e.ObjectNew))
		},
	}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// followChanges enqueues the Users of every address that somebody else changed,
// for as long as the manager runs.
func (r *Reconciler) followChanges(ctx context.Context, q queue) error {
	watch.Follow(ctx, "changes of people", func(ctx context.Context, missed bool) error { return r.follow(ctx, q, missed) })
	return nil
}

// follow enqueues everybody first when changes were missed. The position is
// taken before, so that what changes meanwhile is told.
func (r *Reconciler) follow(ctx context.Context, q queue, missed bool) error {
	head, err := r.Changes.Head(ctx)
	if err != nil {
		return err
	}
	if missed {
		if err := r.enqueueEverybody(ctx, q); err != nil {
			return err
		}
	}
	users := func() client.ObjectList { return &v1alpha1.UserList{} }
	enqueue := watch.Those(r.Client, users, index.Person, person)
	return r.Changes.FollowAfter(ctx, head, func(c directory.Change) {
		if c.Address == "" {
			r.enqueueStopped(ctx, c.Organization, q)
			return
		}
		namespace, name, _ := strings.Cut(string(c.Organization), "/")
		u := &v1alpha1.User{}
		u.Namespace, u.Spec.Email = namespace, c.Address
		u.Spec.OrganizationRef.Name = name
		enqueue.Generic(ctx, event.GenericEvent{Object: u}, q)
	})
}

func (r *Reconciler) enqueueEverybody(ctx context.Context, q queue) error {
	var list v1alpha1.UserList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	for i := range list.Items {
		q.Add(watch.Request(list.Items[i].Namespace, list.Items[i].Name))
	}
	return nil
}
