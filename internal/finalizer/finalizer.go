package finalizer

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// Add puts the finalizer on the object, in the API and in memory, unless it is there.
func Add(ctx context.Context, c client.Client, o client.Object, name string) error {
	return patch(ctx, c, o, func() bool { return controllerutil.AddFinalizer(o, name) })
}

// Remove takes the finalizer off the object. One that is gone already is no error.
func Remove(ctx context.Context, c client.Client, o client.Object, name string) error {
	return client.IgnoreNotFound(patch(ctx, c, o, func() bool { return controllerutil.RemoveFinalizer(o, name) }))
}

func patch(ctx context.Context, c client.Client, o client.Object, change func() bool) error {
	before, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy of %T is no object", o)
	}
	if !change() {
		return nil
	}
	// The finalizers are a list: without the lock a merge patch could take out
	// one that somebody else has just added.
	err := c.Patch(ctx, o, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return fmt.Errorf("patch finalizers: %w", err)
	}
	return nil
}
