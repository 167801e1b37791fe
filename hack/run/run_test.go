package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/mail/mailtest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// checkout is a folder with what a built checkout has, and a .dev of its own.
func checkout(t *testing.T) layout {
	t.Helper()
	l := layoutBelow(t.TempDir(), func(string) string { return "" })
	if err := os.Mkdir(l.bin(), 0o700); err != nil {
		t.Fatal(err)
	}
	programs := os.Getenv("KUBEBUILDER_ASSETS")
	if programs == "" {
		programs = filepath.Join(testkit.Repository(), "bin", "k8s")
	}
	for link, target := range map[string]string{
		l.bin("k8s"): programs,
		l.config():   filepath.Join(testkit.Repository(), "config"),
	} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func buildManager(t *testing.T, l layout) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", l.bin("rollcall"), "./cmd/rollcall")
	build.Dir = testkit.Repository()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

// announced is a screen that tells when the run says that all is up.
type announced struct {
	screen
	once sync.Once
	up   chan struct{}
}

// Write implements io.Writer.
func (a *announced) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("Ctrl-C stops everything")) {
		a.once.Do(func() { close(a.up) })
	}
	return a.screen.Write(p)
}

// runUntilReady runs until it says that all is up, looks, and interrupts it as
// Ctrl-C does. It returns what was printed.
func runUntilReady(t *testing.T, l layout, look func()) string {
	t.Helper()
	out := &announced{up: make(chan struct{})}
	ctx, interrupt := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, context.Background(), l, newConsole(out, false)) }()
	select {
	case <-out.up:
	case err := <-ended:
		t.Fatalf("it ended: %v; it said:\n%s", err, out)
	}
	if _, err := os.Stat(l.dev("ready")); err != nil {
		t.Error(err)
	}
	look()
	interrupt(errInterrupted)
	if err := <-ended; err != nil {
		t.Fatalf("it ended with: %v; it said:\n%s", err, out)
	}
	if _, err := os.Stat(l.dev("ready")); err == nil {
		t.Error("it still says that it is ready")
	}
	return out.String()
}

type delivery struct {
	To string
	At time.Time
}

// deliveries are the mails on disk, with when each was handed over last.
func deliveries(t *testing.T, l layout) []delivery {
	t.Helper()
	files, err := filepath.Glob(l.dev("mail", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	var got []delivery
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mailtest.Parse(content)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, delivery{To: m.To, At: info.ModTime()})
	}
	slices.SortFunc(got, func(a, b delivery) int { return strings.Compare(a.To, b.To) })
	return got
}

func TestPromise_ASecondRunGoesOnAndSendsNothingTwice(t *testing.T) {
	l := checkout(t)
	buildManager(t, l)
	var first []delivery
	said := runUntilReady(t, l, func() { first = deliveries(t, l) })
	for _, want := range []string{
		"run: 22 of 22 people are ready",
		"batch front-desk: 20 addresses, 17 invited, 0 already a member, 1 duplicate, 2 invalid, 0 waiting",
		"organization sunrise-clinic: Sunrise Clinic, 22 people, 22 pending, 0 accepted, 2 unassigned",
		"export KUBECONFIG=" + l.dev("kubeconfig") + "\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	people := map[string]bool{}
	for _, d := range first {
		people[d.To] = true
	}
	if len(first) != 22 || len(people) != 22 {
		t.Errorf("%d mails to %d people: %v", len(first), len(people), first)
	}

	runUntilReady(t, l, func() {
		if diff := cmp.Diff(first, deliveries(t, l)); diff != "" {
			t.Errorf("mails of the second run (-first +second):\n%s", diff)
		}
	})
}

func TestRunSaysWhatIsMissingAndLeavesNothingRunning(t *testing.T) {
	l := checkout(t)
	out := &screen{}
	err := run(t.Context(), t.Context(), l, newConsole(out, false))
	want := "no " + l.bin("rollcall") + ": run make build"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s; it said:\n%s", err, want, out)
	}
	left, err := filepath.Glob(l.dev("controlplane", "*.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), left); diff != "" {
		t.Errorf("programs that were not ended (-want +got):\n%s", diff)
	}
}
