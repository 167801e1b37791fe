package causal

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

const (
	// soonest is how soon it is looked again whether the cache has caught up, which
	// takes it milliseconds.
	soonest = 50 * time.Millisecond
	// latest bounds that: the longer it takes, as while a watch is opened anew, the
	// less often it is looked.
	latest = 2 * time.Second
)

// Options of [New]. All are required.
type Options[T client.Object] struct {
	// Cache is what Next reads from.
	Cache client.Reader
	// Live reads from the API server.
	Live client.Reader
	// Next reconciles.
	Next reconcile.ObjectReconciler[T]
	// Clock tells for how long the cache has been behind.
	Clock clock.PassiveClock
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
	if o.Cache == nil || o.Live == nil || o.Next == nil || o.Clock == nil || o.Told == nil {
		return nil, errors.New("causal: Cache, Live, Next, Clock and Told are required")
	}
	return &Reconciler[T]{Options: o, reads: newReads(o.Live)}, nil
}

// Reconcile implements reconcile.ObjectReconciler.
func (r *Reconciler[T]) Reconcile(ctx context.Context, object T) (reconcile.Result, error) {
	organization, observed := r.Told(object)
	key := client.ObjectKey{Namespace: object.GetNamespace(), Name: organization}
	if observed == object.GetGeneration() && r.reads.wasCurrent(key) {
		return r.Next.Reconcile(ctx, object)
	}
	current, err := r.current(ctx, key)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !current {
		behind := r.Clock.Since(r.reads.behind(key, r.Clock.Now()))
		return reconcile.Result{RequeueAfter: min(max(behind, soonest), latest)}, nil
	}
	r.reads.caughtUp(key)
	return r.Next.Reconcile(ctx, object)
}

// current reports whether the cached Organization is at least as new as the one
// that the API server has now. While it is older than what was read before,
// nothing is read.
func (r *Reconciler[T]) current(ctx context.Context, key client.ObjectKey) (bool, error) {
	cached, err := r.cached(ctx, key)
	if err != nil || cached != "" && !notOlder(cached, r.reads.newest(key)) {
		return false, err
	}
	live, err := r.reads.version(ctx, key)
	if err != nil {
		return false, fmt.Errorf("read the organization: %w", err)
	}
	// Only what the cache has after the read is what Next will see at least.
	cached, err = r.cached(ctx, key)
	if err != nil || cached == "" || live == "" {
		return cached == live, err
	}
	return notOlder(cached, live), nil
}

// cached returns the resourceVersion of the cached Organization; empty when there
// is none.
func (r *Reconciler[T]) cached(ctx context.Context, key client.ObjectKey) (string, error) {
	org := &v1alpha1.Organization{}
	err := r.Cache.Get(ctx, key, org, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("get the organization: %w", err)
	}
	return org.ResourceVersion, nil
}

// notOlder compares versions of one resource, which are numbers that grow (see
// "Resource versions" in the Kubernetes API concepts); nothing is older than none.
// What an API server of another make counts in another way cannot be compared, and
// holds nobody up.
func notOlder(version, than string) bool {
	is, err := resourceversion.CompareResourceVersion(version, than)
	return err != nil || is >= 0
}
