package watch

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/index"
)

// Abilities passes IdentityBackends of which something else was found out that
// they can do, and those that were edited: what goes where may be another place.
func Abilities() predicate.Predicate {
	no := false
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return no },
		DeleteFunc:  func(event.DeleteEvent) bool { return no },
		GenericFunc: func(event.GenericEvent) bool { return no },
		UpdateFunc: func(e event.UpdateEvent) bool {
			was, ok := e.ObjectOld.(*v1alpha1.IdentityBackend)
			is, also := e.ObjectNew.(*v1alpha1.IdentityBackend)
			return ok && also && (was.Generation != is.Generation ||
				!sameAbilities(was.Status.Capabilities, is.Status.Capabilities))
		},
	}
}

// sameAbilities compares all but the notes: those count people, and nobody can
// do more or less because of what they say.
func sameAbilities(a, b *v1alpha1.BackendCapabilities) bool {
	if a == nil || b == nil {
		return a == b
	}
	was, is := *a, *b
	was.Notes, is.Notes = nil, nil
	return equality.Semantic.DeepEqual(was, is)
}

// Hosted enqueues what belongs to the Organizations that name the event's
// IdentityBackend.
func Hosted(c client.Client, list func() client.ObjectList) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(ctx context.Context, o client.Object) []reconcile.Request {
		var organizations v1alpha1.OrganizationList
		err := c.List(ctx, &organizations, client.InNamespace(o.GetNamespace()),
			client.MatchingFields{index.Backend: o.GetName()}, client.UnsafeDisableDeepCopy)
		if err != nil {
			log.FromContext(ctx).Error(err, "find whom an event concerns", "index", index.Backend)
			return nil
		}
		var requests []reconcile.Request
		for i := range organizations.Items {
			found, err := find(ctx, c, list(), client.InNamespace(o.GetNamespace()),
				client.MatchingFields{index.Organization: organizations.Items[i].Name})
			if err != nil {
				log.FromContext(ctx).Error(err, "find whom an event concerns", "index", index.Organization)
			}
			requests = append(requests, found...)
		}
		return requests
	})
}
