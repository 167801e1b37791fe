package main

import (
	"fmt"
	"os"
	"testing"
)

func TestOnlyOneRunsAtATime(t *testing.T) {
	l := inTemporaryFolder(t)
	unlock, err := l.lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.lock()
	pid := os.Getpid()
	want := fmt.Sprintf("it runs here already, as process %d: end that one first, with Ctrl-C or kill %d", pid, pid)
	if err == nil || err.Error() != want {
		t.Errorf("the second: got %v, want %s", err, want)
	}
	unlock()
	unlock, err = l.lock()
	if err != nil {
		t.Fatalf("after the first: %v", err)
	}
	unlock()
}
