package watch

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

// settle is how long counts wait for further changes: ten thousand Users that
// change together lead to few recounts, each of which looks at all of them.
const settle = time.Second

// Declared passes what changes the meaning of an object to those that name it:
// its spec, its deletion, and whether the backend knows it. Counts in its
// status do not.
func Declared(conditions func(client.Object) []metav1.Condition) predicate.Predicate {
	provisioned := func(o client.Object) bool {
		return reference.Provisioned(conditions(o)) || reference.Usable(conditions(o))
	}
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
			provisioned(e.ObjectOld) != provisioned(e.ObjectNew)
	}}
}

// Conditions returns the conditions of any of our kinds that others name.
func Conditions(o client.Object) []metav1.Condition {
	switch o := o.(type) {
	case *v1alpha1.IdentityBackend:
		return o.Status.Conditions
	case *v1alpha1.Organization:
		return o.Status.Conditions
	case *v1alpha1.BusinessUnit:
		return o.Status.Conditions
	case *v1alpha1.Role:
		return o.Status.Conditions
	case *v1alpha1.User:
		return o.Status.Conditions
	case *v1alpha1.InviteLink:
		return o.Status.Conditions
	default:
		return nil
	}
}

// Those enqueues what an index finds under a key that the event's object gives,
// in the object's namespace.
func Those(c client.Reader, list func() client.ObjectList, field string, key func(client.Object) []string) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		var requests []reconcile.Request
		for _, k := range key(o) {
			found, err := find(ctx, c, list(), client.InNamespace(o.GetNamespace()), client.MatchingFields{field: k})
			if err != nil {
				log.FromContext(ctx).Error(err, "find what an event concerns", "index", field)
			}
			requests = append(requests, found...)
		}
		return requests
	})
}

// Name is the key function for indexes by an object's name.
func Name(o client.Object) []string { return []string{o.GetName()} }

// find fills the list with what the options select, and returns a request for each.
func find(ctx context.Context, c client.Reader, list client.ObjectList, which ...client.ListOption) ([]reconcile.Request, error) {
	if err := c.List(ctx, list, append(which, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, err
	}
	var requests []reconcile.Request
	err := meta.EachListItem(list, func(item runtime.Object) error {
		o, err := meta.Accessor(item)
		if err != nil {
			return fmt.Errorf("read metadata: %w", err)
		}
		requests = append(requests, Request(o.GetNamespace(), o.GetName()))
		return nil
	})
	return requests, err
}

// Request names an object.
func Request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}
}

// Counted enqueues the objects of the given names, in the event's namespace,
// once things have settled: for those that only count the event's objects.
func Counted(names func(client.Object) []string) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	later := func(q queue, objects ...client.Object) {
		for _, o := range objects {
			for _, name := range names(o) {
				q.AddAfter(Request(o.GetNamespace(), name), settle)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { later(q, e.Object) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { later(q, e.Object) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { later(q, e.ObjectOld, e.ObjectNew) },
	}
}
