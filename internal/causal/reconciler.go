package causal

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// behind is how soon it is looked again whether the cache has caught up, which
// takes it milliseconds.
const behind = 50 * time.Millisecond

// Options of [New]. All are required.
type Options[T client.Object] struct {
	// Cache is what Next reads from.
	Cache client.Reader
	// Live reads from the API server.
	Live client.Reader
	// Next reconciles.
	Next reconcile.ObjectReconciler[T]
	// Told returns the name of the Organization that the object belongs to, and
	// the generation of the object that its status tells of.
	Told func(T) (organization string, observed int64)
}

// Reconciler puts objects off that are newer than what is known of their
// Organization.
type Reconciler[T client.Object] struct {
	Options[T]
	reads *reads
}

// New fails when an option is missing.
func New[T client.Object](o Options[T]) (*Reconciler[T], error) {
	if o.Cache == nil || o.Live == nil || o.Next == nil || o.Told == nil {
		return nil, errors.New("causal: Cache, Live, Next and Told are required")
	}
	return &Reconciler[T]{Options: o, reads: newReads(o.Live)}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler[T]) Reconcile(ctx context.Context, object T) (reconcile.Result, error) {
	organization, observed := r.Told(object)
	key := client.ObjectKey{Namespace: object.GetNamespace(), Name: organization}
	if observed == object.GetGeneration() && r.reads.known(key) {
		return r.Next.Reconcile(ctx, object)
	}
	current, err := r.current(ctx, key)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !current {
		return reconcile.Result{RequeueAfter: behind}, nil
	}
	return r.Next.Reconcile(ctx, object)
}

// current reports whether the cached Organization is at least as new as the one
// that the API server has now.
func (r *Reconciler[T]) current(ctx context.Context, key client.ObjectKey) (bool, error) {
	live, err := r.reads.version(ctx, key)
	if err != nil {
		return false, fmt.Errorf("read the organization: %w", err)
	}
	cached := &v1alpha1.Organization{}
	err = r.Cache.Get(ctx, key, cached, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return live == "", nil
	}
	if err != nil {
		return false, fmt.Errorf("get the organization: %w", err)
	}
	if live == "" || !notOlder(cached, live) {
		return false, nil
	}
	r.reads.know(key)
	return true, nil
}

// notOlder compares versions of one resource, which are numbers that grow (see
// "Resource versions" in the Kubernetes API concepts). What an API server of
// another make counts in another way cannot be compared, and holds nobody up.
func notOlder(o metav1.Object, version string) bool {
	is, err := resourceversion.CompareResourceVersion(o.GetResourceVersion(), version)
	return err != nil || is >= 0
}
