package database

import "context"

// hooks is the part of a [Tx] that is about its end.
type hooks struct {
	before []func(context.Context, Tx) error
	after  []func()
}

// BeforeCommit implements [Tx].
func (h *hooks) BeforeCommit(f func(context.Context, Tx) error) { h.before = append(h.before, f) }

// AfterCommit implements [Tx].
func (h *hooks) AfterCommit(f func()) { h.after = append(h.after, f) }

// run calls f and then what was to come before the commit, in order; a function
// that is added meanwhile is called too.
func (h *hooks) run(ctx context.Context, tx Tx, f func(context.Context, Tx) error) error {
	if err := f(ctx, tx); err != nil {
		return err
	}
	for len(h.before) > 0 {
		first := h.before[0]
		h.before = h.before[1:]
		if err := first(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

func (h *hooks) committed() {
	for _, f := range h.after {
		f()
	}
}
