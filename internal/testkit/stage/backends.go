package stage

import (
	"context"
	"sync"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// namespace is where all objects of a stage are.
const namespace = testkit.Namespace

// Backends implements the interfaces of that name of all controllers.
type Backends struct {
	stage *Stage

	mu  sync.Mutex
	err error
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
	return b.stage.Memory, nil
}

// Inviter returns the ledger, with faults.
func (b *Backends) Inviter(directory.Backend) directory.Inviter { return b.stage.Inviter }
