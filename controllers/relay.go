package controllers

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// relay asks one controller to reconcile what another one has looked at.
type relay chan reconcile.Request

// tell names an object. It waits until that is taken, or the context ends.
func (r relay) tell(ctx context.Context, namespace, name string) {
	select {
	case r <- reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: name}}:
	case <-ctx.Done():
	}
}
