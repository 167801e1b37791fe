package stage

import (
	"context"
	"slices"
	"sync"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/directory/directorytest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// namespace is where all objects of a stage are.
const namespace = testkit.Namespace

// Backends implements the interfaces of that name of all controllers.
type Backends struct {
	stage *Stage

	mu    sync.Mutex
	err   error
	limit func(*directory.Capabilities)
	deny  error
}

// Deny makes the backend fail to tell its capabilities until it is called with nil.
func (b *Backends) Deny(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deny = err
}

// Limit makes the backend tell other capabilities than it has, until it is
// called with nil: what a caller asks of it in spite of that, it still does.
func (b *Backends) Limit(limit func(*directory.Capabilities)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limit = limit
}

// limited is a backend that says that it can do something else than it does.
type limited struct {
	*directorytest.Memory

	limit func(*directory.Capabilities)
	deny  error
}

// Capabilities implements [directory.Backend].
func (l limited) Capabilities(ctx context.Context) (directory.Capabilities, error) {
	can, err := l.Memory.Capabilities(ctx)
	if l.deny != nil {
		return can, l.deny
	}
	if err == nil && l.limit != nil {
		can.Fields, can.Removals = slices.Clone(can.Fields), slices.Clone(can.Removals)
		l.limit(&can)
	}
	return can, err
}

// Fail makes For return the error until it is called with nil.
func (b *Backends) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// For returns the stage's backend; KindNotFound when ref names no IdentityBackend.
func (b *Backends) For(_ context.Context, _ string, ref *v1alpha1.LocalReference) (directory.Backend, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.err != nil:
		return nil, b.err
	case ref != nil && Get[v1alpha1.IdentityBackend](b.stage, ref.Name) == nil:
		return nil, directory.Errorf(directory.KindNotFound, "find backend", "there is no IdentityBackend %q", ref.Name)
	}
	if b.limit != nil || b.deny != nil {
		return limited{b.stage.Memory, b.limit, b.deny}, nil
	}
	return b.stage.Memory, nil
}

// Inviter returns the ledger, with faults.
func (b *Backends) Inviter(directory.Backend) directory.Inviter { return b.stage.Inviter }
