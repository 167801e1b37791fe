package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// screen is written by the console and read by the test.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *screen) wait(t *testing.T, want string) {
	t.Helper()
	err := testkit.Eventually(t.Context(), "the screen", func(context.Context) (bool, string, error) {
		return s.String() == want, s.String(), nil
	})
	if err != nil {
		t.Fatalf("want %q: %v", want, err)
	}
}

func TestConsole(t *testing.T) {
	broken := errors.New("broken")
	tests := map[string]struct {
		reason string
		live   bool
		err    error
		during string
		after  string
	}{
		"Plain": {
			reason: "a step that takes long says so; one line says that it is done",
			during: "run: baking: in the oven (5.0s so far)\n",
			after:  "run: bread is ready (5.0s)\n",
		},
		"PlainFailure": {
			reason: "which step failed is to be seen; why is told at the end",
			err:    broken,
			during: "run: baking: in the oven (5.0s so far)\n",
			after:  "run: baking: in the oven: not done (5.0s)\n",
		},
		"Terminal": {
			reason: "the line of a step is written again as it goes on",
			live:   true,
			during: "\r\x1b[K… baking 0.0s\r\x1b[K… baking: in the oven 5.0s",
			after:  "\r\x1b[K\x1b[32m✓\x1b[0m bread is ready 5.0s\n",
		},
		"TerminalFailure": {
			reason: "a line that is not finished stays, with a cross",
			live:   true,
			err:    broken,
			during: "\r\x1b[K… baking 0.0s\r\x1b[K… baking: in the oven 5.0s",
			after:  "\r\x1b[K\x1b[31m✗\x1b[0m baking: in the oven 5.0s\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out, clock := &screen{}, testingclock.NewFakeClock(time.Unix(0, 0))
			c := &console{out: out, live: tt.live, clock: clock}
			baked, done := make(chan error), make(chan error)
			go func() {
				done <- c.step("baking", func(say func(string)) (string, error) {
					say("baking: in the oven")
					return "bread is ready", <-baked
				})
			}()
			waitForTicker(t, clock)
			clock.Step(patience)
			out.wait(t, tt.during)
			baked <- tt.err
			if err := <-done; !errors.Is(err, tt.err) {
				t.Errorf("got error %v", err)
			}
			if diff := cmp.Diff(tt.during+tt.after, out.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
}

func waitForTicker(t *testing.T, clock *testingclock.FakeClock) {
	t.Helper()
	err := testkit.Eventually(t.Context(), "the step to begin", func(context.Context) (bool, string, error) {
		return clock.HasWaiters(), "no ticker", nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyATerminalIsOne(t *testing.T) {
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer nothing.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, f := range []*os.File{nothing, file} {
		if isTerminal(f) {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}
