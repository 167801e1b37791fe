package watch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// soon is how long an event waits for others of its kind.
const soon = 200 * time.Millisecond

// Soon makes what a handler enqueues wait a moment: many events that come
// together lead to few looks, and one alone to one in good time.
func Soon(h handler.EventHandler) handler.EventHandler { return later{h} }

type later struct{ handler handler.EventHandler }

// patient is a queue to which things are added a moment later.
type patient struct{ queue }

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func (p patient) Add(r reconcile.Request) { p.AddAfter(r, soon) }

// Create implements [handler.EventHandler].
func (l later) Create(ctx context.Context, e event.CreateEvent, q queue) {
	l.handler.Create(ctx, e, patient{q})
}

// Update implements [handler.EventHandler].
func (l later) Update(ctx context.Context, e event.UpdateEvent, q queue) {
	l.handler.Update(ctx, e, patient{q})
}

// Delete implements [handler.EventHandler].
func (l later) Delete(ctx context.Context, e event.DeleteEvent, q queue) {
	l.handler.Delete(ctx, e, patient{q})
}

// Generic implements [handler.EventHandler].
func (l later) Generic(ctx context.Context, e event.GenericEvent, q queue) {
	l.handler.Generic(ctx, e, patient{q})
}

// followAgain is how soon something is followed again after that has failed.
const followAgain = time.Second

// Follow runs follow until the context ends, and again when it fails: what came
// in between was missed then, and follow is told so until it works. It returns
// at once.
func Follow(ctx context.Context, what string, follow func(ctx context.Context, missed bool) error) {
	missed := false
	go wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := follow(ctx, missed); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "follow "+what+"; all are looked at when it works again")
			missed = true
		}
	}, followAgain)
}
