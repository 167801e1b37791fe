package app

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/backend/metered"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// secretsFresh is how long the contents of Secrets and ConfigMaps are used
	// before they are read again: a rotated credential is picked up within this
	// time, without a watch. One that the system refuses is read again within a
	// second.
	secretsFresh = 15 * time.Second
	// unreadable is how long it is left alone that they cannot be read, or are
	// refused: ten thousand members ask for the same Secret.
	unreadable = time.Second
)

// dialer makes a backend of an IdentityBackend and what its Secrets hold. It
// makes no request. former is the one that was made of the same IdentityBackend
// before, nil for none: what only it was told is taken over.
type dialer func(named *v1alpha1.IdentityBackend, m material, former directory.Backend) (directory.Backend, error)

// connections keeps one backend for each IdentityBackend, for as long as what
// it is made of stays the same: its limits, its circuit breaker and what it has
// discovered are worth nothing to a new one. Many goroutines may use it.
type connections struct {
	// reader knows which IdentityBackends there are, and direct reads Secrets and
	// ConfigMaps.
	reader, direct client.Reader
	meter          *metered.Meter
	clock          clock.PassiveClock

	mu    sync.Mutex
	known map[types.NamespacedName]*connection
}

// connection is the backend of one IdentityBackend, with what it was made of.
type connection struct {
	// refused is set when the system does not take our credentials.
	refused atomic.Bool
	// turn is held, by whoever can put something into it, while what is below is
	// looked at or made anew: that may wait for the API server.
	turn chan struct{}

	uid     types.UID
	version int64
	made    fingerprint
	read    time.Time
	backend directory.Backend
	// dialed is the backend, or the last one while there is none, without its
	// meter.
	dialed directory.Backend
	// err is why there is no backend.
	err error
}

func newConnections(reader, direct client.Reader, meter *metered.Meter, c clock.PassiveClock) *connections {
	return &connections{reader: reader, direct: direct, meter: meter, clock: c, known: map[types.NamespacedName]*connection{}}
}

// to returns the backend of an IdentityBackend. KindCredentials when what its
// Secrets hold is missing, may not be read, or is not what it should be; the
// error names Secret and key. The error is the context's when that ends before
// somebody else has made it.
func (c *connections) to(ctx context.Context, named *v1alpha1.IdentityBackend, dial dialer) (directory.Backend, error) {
	k := c.of(ctx, client.ObjectKeyFromObject(named))
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-k.turn }()
	same := k.uid == named.UID && k.version == named.Generation
	if same && c.fresh(k) || k.outdates(named) {
		return k.backend, k.err
	}
	k.refused.Store(false)
	ctx = log.IntoContext(ctx, log.FromContext(ctx).WithValues("identityBackend", named.Name))
	m, err := readMaterial(ctx, c.direct, named)
	switch {
	case same && k.backend != nil && c.serves(ctx, k, m, err):
		return k.backend, nil
	case err != nil && ctx.Err() != nil:
		// Whoever comes next is told nothing of that.
		return nil, ctx.Err()
	}
	if k.uid != named.UID {
		k.dialed = nil
	}
	k.uid, k.version, k.read, k.backend, k.err = named.UID, named.Generation, c.clock.Now(), nil, err
	if err == nil {
		k.err = c.replace(k, named, m, dial)
	}
	return k.backend, k.err
}

// serves reports whether the backend that is there is made of what was read, or
// of what could not be read again: that the API server does not answer says nothing
// about the credentials.
func (c *connections) serves(ctx context.Context, k *connection, m material, err error) bool {
	switch {
	case err == nil && k.made == m.fingerprint():
		k.read = c.clock.Now()
		return true
	case err != nil && !directory.IsKind(err, directory.KindCredentials):
		log.FromContext(ctx).Info("the credentials could not be read again; those read before are used", "error", err.Error())
		return true
	}
	return false
}

// outdates reports whether the connection is of a later generation: a cache has
// not seen an edit yet.
func (k *connection) outdates(named *v1alpha1.IdentityBackend) bool {
	return k.uid == named.UID && named.Generation < k.version
}

// replace makes the backend of a connection anew.
func (c *connections) replace(k *connection, named *v1alpha1.IdentityBackend, m material, dial dialer) error {
	dialed, err := dial(named, m, k.dialed)
	if err != nil {
		return err
	}
	k.dialed, k.made = dialed, m.fingerprint()
	k.backend = c.meter.Backend(string(named.Spec.Type), dialed, func(err error) {
		if directory.IsKind(err, directory.KindCredentials) {
			k.refused.Store(true)
		}
	})
	return nil
}

// fresh reports whether what is known needs no other look at Secrets.
func (c *connections) fresh(k *connection) bool {
	switch age := c.clock.Since(k.read); {
	case k.backend == nil:
		return k.err != nil && age < unreadable
	case k.refused.Load():
		// Everybody who is looked at meets the same refusal.
		return age < unreadable
	default:
		return age < secretsFresh
	}
}

// of returns the connection of an IdentityBackend. A new one is the occasion to
// forget those of IdentityBackends that are gone.
func (c *connections) of(ctx context.Context, key types.NamespacedName) *connection {
	c.mu.Lock()
	k, ok := c.known[key]
	c.mu.Unlock()
	if ok {
		return k
	}
	var there v1alpha1.IdentityBackendList
	listed := c.reader.List(ctx, &there) == nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if listed {
		c.keep(there.Items)
	}
	if c.known[key] == nil {
		c.known[key] = &connection{turn: make(chan struct{}, 1)}
	}
	return c.known[key]
}

// keep forgets all but these.
func (c *connections) keep(there []v1alpha1.IdentityBackend) {
	living := map[types.NamespacedName]bool{}
	for i := range there {
		living[client.ObjectKeyFromObject(&there[i])] = true
	}
	for key := range c.known {
		if !living[key] {
			delete(c.known, key)
		}
	}
}

// forget drops the connection of an IdentityBackend that is gone.
func (c *connections) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, key)
}
