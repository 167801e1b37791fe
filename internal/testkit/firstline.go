package testkit

import (
	"bytes"
	"sync"
)

// FirstLine hands over the first line that a program writes to it, which is how
// a server tells where it listens. The rest is dropped. Make it with
// [NewFirstLine].
type FirstLine struct {
	mu   sync.Mutex
	seen []byte
	done bool
	line chan string
}

// NewFirstLine returns one that nothing was written to.
func NewFirstLine() *FirstLine { return &FirstLine{line: make(chan string, 1)} }

// Line receives the first line, without its end, once it is whole.
func (f *FirstLine) Line() <-chan string { return f.line }

// Write implements io.Writer.
func (f *FirstLine) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return len(p), nil
	}
	f.seen = append(f.seen, p...)
	if line, _, ok := bytes.Cut(f.seen, []byte("\n")); ok {
		f.done = true
		f.line <- string(line)
	}
	return len(p), nil
}
