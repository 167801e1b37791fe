package directorytest

import (
	"context"
	"sync"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Findings keeps findings in memory, for the tests of backends that need some.
// The zero value is empty. It may be used by many goroutines at once.
type Findings struct {
	mu     sync.Mutex
	text   string
	broken error
}

var _ directory.Findings = (*Findings)(nil)

// Break makes every call fail with the error, until it is nil.
func (f *Findings) Break(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = err
}

// Recall implements [directory.Findings].
func (f *Findings) Recall(ctx context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return "", f.broken
	}
	return f.text, ctx.Err()
}

// Keep implements [directory.Findings].
func (f *Findings) Keep(ctx context.Context, text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f.text = text
	return nil
}
