package controllers

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// relay tells one controller about objects that another one has looked at.
type relay chan event.GenericEvent

// tell names a User. It waits until that is taken, or the context ends.
func (r relay) tell(ctx context.Context, namespace, name string) {
	u := &v1alpha1.User{}
	u.Namespace, u.Name = namespace, name
	select {
	case r <- event.GenericEvent{Object: u}:
	case <-ctx.Done():
	}
}
