package stage

import (
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Kinds are all kinds of error that a backend or the ledger may answer with.
func Kinds() []directory.Kind {
	return []directory.Kind{
		directory.KindNotFound, directory.KindExists, directory.KindConflict, directory.KindInvalid, directory.KindCredentials, directory.KindDenied,
		directory.KindRateLimited, directory.KindQuotaExceeded, directory.KindUnavailable, directory.KindUnsupported, directory.KindInternal,
	}
}

// Verb is what somebody does with the API.
type Verb string

// The verbs that controllers use.
const (
	VerbGet    Verb = "get"
	VerbList   Verb = "list"
	VerbCreate Verb = "create"
	VerbPatch  Verb = "patch"
	VerbDelete Verb = "delete"
	// VerbStatus is a patch of the status.
	VerbStatus Verb = "status"
)

// Write is one change that a controller made in the API.
type Write struct {
	Verb Verb
	Kind string
	Name string
}

// APIFault says which calls of the API fail, and how. The zero fields choose everything.
type APIFault struct {
	Verb Verb
	Kind string
	Name string
	// Call is which of the calls that fit it strikes, counted from 1; 0 is all of them.
	Call int
	// After lets the call take effect first: its reply is lost.
	After bool
	// Meanwhile is called before the call goes on: for somebody else who is
	// faster. It may be nil.
	Meanwhile func()
	// Err is what the call returns; nil lets it go on.
	Err error
}

type call struct {
	verb Verb
	kind string
	name string
}

type armedFault struct {
	APIFault
	seen int
}

// FailAPI arms a fault until the returned function is called.
func (s *Stage) FailAPI(f APIFault) func() {
	a := s.api
	a.mu.Lock()
	defer a.mu.Unlock()
	armed := &armedFault{APIFault: f}
	a.armed = append(a.armed, armed)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.armed = slices.DeleteFunc(a.armed, func(f *armedFault) bool { return f == armed })
	}
}

// Writes returns what controllers wrote to the API since the last call, in
// order. A call that failed, and one that changed nothing, is told too: it
// was made.
func (s *Stage) Writes() []Write {
	s.api.mu.Lock()
	defer s.api.mu.Unlock()
	writes := s.api.writes
	s.api.writes = nil
	return writes
}

// do makes a call between the faults that strike it, and tells of it.
func (a *api) do(c call, effect func() error) error {
	hit := a.strike(c)
	for _, f := range hit {
		if f.Meanwhile != nil {
			f.Meanwhile()
		}
		if f.Err != nil && !f.After {
			return f.Err
		}
	}
	if err := effect(); err != nil {
		return err
	}
	for _, f := range hit {
		if f.Err != nil {
			return f.Err
		}
	}
	return nil
}

func (a *api) strike(c call) []APIFault {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.verb != VerbGet && c.verb != VerbList {
		a.writes = append(a.writes, Write{Verb: c.verb, Kind: c.kind, Name: c.name})
	}
	var hit []APIFault
	for _, f := range a.armed {
		if (f.Verb != "" && f.Verb != c.verb) || (f.Kind != "" && f.Kind != c.kind) || (f.Name != "" && f.Name != c.name) {
			continue
		}
		if f.seen++; f.Call == 0 || f.Call == f.seen {
			hit = append(hit, f.APIFault)
		}
	}
	return hit
}
