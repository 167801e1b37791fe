package causal

import (
	"context"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// readTakes is how long a read of one object may take.
const readTakes = 10 * time.Second

// reads reads versions of Organizations from the API server. Whoever asks while
// a read is under way shares the next one: what was written before somebody
// asked is in it.
type reads struct {
	live client.Reader

	mu sync.Mutex
	// running has the Organizations that are being read, with the read that
	// begins afterwards; nil while nobody wants one.
	running map[client.ObjectKey]*read
	// known is what was found out about Organizations.
	known map[client.ObjectKey]known
}

// known is what was found out about an Organization.
type known struct {
	// newest is the version that was read last; empty when there was none.
	newest string
	// current is true when the cache was once found to be as new.
	current bool
	// behind is since when it is not; zero when it is.
	behind time.Time
}

// read is one read, of which version and err are set once done is closed.
type read struct {
	done    chan struct{}
	version string
	err     error
}

func newReads(live client.Reader) *reads {
	return &reads{live: live, running: map[client.ObjectKey]*read{}, known: map[client.ObjectKey]known{}}
}

func (r *reads) of(key client.ObjectKey) known {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[key]
}

func (r *reads) change(key client.ObjectKey, change func(*known)) known {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.known[key]
	change(&k)
	r.known[key] = k
	return k
}

// wasCurrent reports whether the cache was as new as the API server once in this
// process.
func (r *reads) wasCurrent(key client.ObjectKey) bool { return r.of(key).current }

// newest returns the version that was read last; empty when there was none.
func (r *reads) newest(key client.ObjectKey) string { return r.of(key).newest }

// caughtUp notes that the cache is as new as what was read.
func (r *reads) caughtUp(key client.ObjectKey) {
	r.change(key, func(k *known) { k.current, k.behind = true, time.Time{} })
}

// behind notes that it is not, and returns since when.
func (r *reads) behind(key client.ObjectKey, now time.Time) time.Time {
	return r.change(key, func(k *known) {
		if k.behind.IsZero() {
			k.behind = now
		}
	}).behind
}

// version returns the resourceVersion that an Organization has at some moment
// after the call; empty when there is none.
func (r *reads) version(ctx context.Context, key client.ObjectKey) (string, error) {
	mine := r.join(ctx, key)
	select {
	case <-mine.done:
		return mine.version, mine.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (r *reads) join(ctx context.Context, key client.ObjectKey) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, busy := r.running[key]
	if next == nil {
		next = &read{done: make(chan struct{})}
		if !busy {
			// Others may come to depend on it, so that it does not end with who began it.
			go r.run(context.WithoutCancel(ctx), key, next)
			r.running[key] = nil
			return next
		}
		r.running[key] = next
	}
	return next
}

// run reads for as long as somebody wants another read.
func (r *reads) run(ctx context.Context, key client.ObjectKey, now *read) {
	for now != nil {
		r.do(ctx, key, now)
		now = r.following(key)
	}
}

func (r *reads) do(ctx context.Context, key client.ObjectKey, now *read) {
	ctx, cancel := context.WithTimeout(ctx, readTakes)
	defer cancel()
	defer close(now.done)
	found := &metav1.PartialObjectMetadata{}
	found.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind("Organization"))
	if now.err = r.live.Get(ctx, key, found); apierrors.IsNotFound(now.err) {
		now.err = nil
		return
	}
	now.version = found.ResourceVersion
	r.change(key, func(k *known) { k.newest = now.version })
}

// following returns the read that is wanted, and takes note of the end where none is.
func (r *reads) following(key client.ObjectKey) *read {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.running[key]
	if next == nil {
		delete(r.running, key)
		return nil
	}
	r.running[key] = nil
	return next
}
