package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
)

// The compiler that "go build" starts must not outlive it. The grandchild here holds the write end of a pipe, so the
// pipe's end tells that it is gone.
func TestRunGroupEndsGrandchildren(t *testing.T) {
	read, write, err := os.Pipe()
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", `(echo started >&3; sleep 600) & wait`)
	cmd.ExtraFiles = []*os.File{write}
	ended := make(chan error, 1)
	go func() { ended <- runGroup(ctx, cmd) }()
	lines := bufio.NewReader(read)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	must(t, write.Close())
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("got %q and %v, want the end of the pipe", rest, err)
	}
}
