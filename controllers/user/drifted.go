package user

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-dev/rollcall/internal/watch"
)

// followDrift enqueues the Users of whom somebody says that their member is not
// as declared, for as long as the manager runs.
func (r *Reconciler) followDrift(drifted <-chan event.GenericEvent) source.Func {
	return func(ctx context.Context, q queue) error {
		go func() {
			for {
				select {
				case e := <-drifted:
					q.Add(watch.Request(e.Object.GetNamespace(), e.Object.GetName()))
				case <-ctx.Done():
					return
				}
			}
		}()
		return nil
	}
}
