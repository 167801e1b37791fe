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
	// verified has the Organizations of which the cache was once found to be
	// current.
	verified map[client.ObjectKey]struct{}
}

// read is one read, of which version and err are set once done is closed.
type read struct {
	done    chan struct{}
	version string
	err     error
}

func newReads(live client.Reader) *reads {
	return &reads{live: live, running: map[client.ObjectKey]*read{}, verified: map[client.ObjectKey]struct{}{}}
}

// known reports whether the cache was current once in this process.
func (r *reads) known(key client.ObjectKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, is := r.verified[key]
	return is
}

func (r *reads) know(key client.ObjectKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verified[key] = struct{}{}
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
