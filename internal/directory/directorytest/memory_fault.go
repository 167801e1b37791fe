package directorytest

import (
	"context"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Method names a method of [directory.Backend].
type Method string

// The methods of a backend that do I/O.
const (
	MethodCheck              Method = "Check"
	MethodApplyOrganization  Method = "ApplyOrganization"
	MethodRemoveOrganization Method = "RemoveOrganization"
	MethodApplyUnit          Method = "ApplyUnit"
	MethodRemoveUnit         Method = "RemoveUnit"
	MethodApplyRole          Method = "ApplyRole"
	MethodRemoveRole         Method = "RemoveRole"
	MethodMember             Method = "Member"
	MethodListMembers        Method = "ListMembers"
	MethodApplyMember        Method = "ApplyMember"
	MethodApplyAccess        Method = "ApplyAccess"
	MethodRemoveMember       Method = "RemoveMember"
	MethodChangeAddress      Method = "ChangeAddress"

	// methodActivate marks what a person did, not a caller of the backend.
	methodActivate Method = "Activate"
)

// Fault says what goes wrong, and at which calls. The zero fields choose
// everything: the zero Fault strikes every call of every method.
type Fault struct {
	// Method is where it strikes; empty for everywhere.
	Method Method
	// Organization and Key (an address, or the name of a unit or role) narrow it.
	Organization directory.OrganizationID
	Key          string
	// Call is which of the calls that fit it strikes, counted from 1 after
	// Inject; 0 is all of them.
	Call int
	// After lets the call take effect first: its reply is lost, or late.
	After bool
	// Err is what the call returns; nil lets it succeed after the Gate.
	Err error
	// Gate holds the call back; nil does not.
	Gate *Gate
}

// Gate is where calls wait until a test lets them go on.
type Gate struct {
	reached, released         chan struct{}
	reachedOnce, releasedOnce sync.Once
}

// NewGate returns a closed gate.
func NewGate() *Gate {
	return &Gate{reached: make(chan struct{}), released: make(chan struct{})}
}

// Reached is closed when the first call waits at the gate.
func (g *Gate) Reached() <-chan struct{} { return g.reached }

// Release lets all calls go on, now and later. It may be called more than once.
func (g *Gate) Release() { g.releasedOnce.Do(func() { close(g.released) }) }

func (g *Gate) wait(ctx context.Context) error {
	g.reachedOnce.Do(func() { close(g.reached) })
	select {
	case <-g.released:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// Inject arms a fault, and returns what withdraws it. Of several faults that fit
// one call, each is applied, and the first that has an Err decides.
func (m *Memory) Inject(f Fault) func() { return m.faults.add(f) }

// Calls returns how often the method was called, failed calls included.
func (m *Memory) Calls(method Method) int { return m.faults.count(method) }

// call is what a fault is matched with.
type call struct {
	method Method
	org    directory.OrganizationID
	key    string
}

type faults struct {
	mu    sync.Mutex
	armed []*armedFault
	calls map[Method]int
}

type armedFault struct {
	Fault
	seen int
}

func (f *faults) add(fault Fault) func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	armed := &armedFault{Fault: fault}
	f.armed = append(f.armed, armed)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		for i, a := range f.armed {
			if a == armed {
				f.armed = append(f.armed[:i:i], f.armed[i+1:]...)
				return
			}
		}
	}
}

func (f *faults) count(method Method) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// strike counts the call and returns the faults that hit it.
func (f *faults) strike(c call) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[Method]int{}
	}
	f.calls[c.method]++
	var hit []Fault
	for _, a := range f.armed {
		if !a.fits(c) {
			continue
		}
		if a.seen++; a.Call == 0 || a.Call == a.seen {
			hit = append(hit, a.Fault)
		}
	}
	return hit
}

func (f Fault) fits(c call) bool {
	return (f.Method == "" || f.Method == c.method) &&
		(f.Organization == "" || f.Organization == c.org) &&
		(f.Key == "" || f.Key == c.key)
}

// call runs effect under the lock, between the faults that strike before it
// and those that strike after it.
func (m *Memory) call(ctx context.Context, c call, effect func() error) error {
	hit := m.faults.strike(c)
	if err := suffer(ctx, hit, false); err != nil {
		return err
	}
	if err := m.locked(ctx, effect); err != nil {
		return err
	}
	return suffer(ctx, hit, true)
}

func (m *Memory) locked(ctx context.Context, effect func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return ended(ctx)
	}
	return effect()
}

func suffer(ctx context.Context, hit []Fault, after bool) error {
	for _, f := range hit {
		if f.After != after {
			continue
		}
		if f.Gate != nil {
			if err := f.Gate.wait(ctx); err != nil {
				return err
			}
		}
		if f.Err != nil {
			return f.Err
		}
	}
	return nil
}

// ended is what a call returns whose context has ended: nothing can be concluded.
func ended(ctx context.Context) error {
	return directory.Errorf(directory.KindUnavailable, "call the backend", "%w", context.Cause(ctx))
}
