package user

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// followDrift enqueues the Users of whom somebody says that their member is not
// as declared, for as long as the manager runs.
func (r *Reconciler) followDrift(drifted <-chan reconcile.Request) source.Func {
	return func(ctx context.Context, q queue) error {
		go func() {
			for {
				select {
				case request := <-drifted:
					q.Add(request)
				case <-ctx.Done():
					return
				}
			}
		}()
		return nil
	}
}
