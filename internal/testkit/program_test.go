package testkit_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// The test binary is its own example of a program: with this variable set it
// starts another copy of itself in the directory named there, and waits.
const parentOf = "TESTKIT_PARENT_OF"

func TestMain(m *testing.M) {
	switch dir := os.Getenv(parentOf); dir {
	case "":
		os.Exit(m.Run())
	case "nobody":
		select {}
	case "the deaf":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("deaf")
		select {}
	default:
		if _, err := testkit.StartProgram(context.Background(), waiting(dir)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {}
	}
}

// waiting is a program that does nothing until it is ended.
func waiting(dir string) testkit.ProgramOptions {
	return testkit.ProgramOptions{Path: os.Args[0], Dir: dir, Env: append(os.Environ(), parentOf+"=nobody")}
}

func startWaiting(t *testing.T, dir string) *testkit.Program {
	t.Helper()
	p, err := testkit.StartProgram(t.Context(), waiting(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// pidIn waits for the number of the program that was started in dir.
func pidIn(t *testing.T, dir string) string {
	t.Helper()
	pid := ""
	path := filepath.Join(dir, filepath.Base(os.Args[0])+".pid")
	err := testkit.Eventually(t.Context(), "the program to start", func(context.Context) (bool, string, error) {
		content, err := os.ReadFile(path)
		pid = string(content)
		return pid != "", fmt.Sprint(err), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func kill(t *testing.T, pid string) {
	t.Helper()
	number, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(number, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// runs tells whether a process runs; one that ended and that nobody has asked about yet does not.
func runs(pid string) bool {
	target, err := os.Readlink(filepath.Join("/proc", pid, "exe"))
	return err == nil && target != ""
}

func needsProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("looks at processes in /proc")
	}
}

func TestProgramDiesWithItsParent(t *testing.T) {
	needsProc(t)
	dir := t.TempDir()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), parentOf+"="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	child := pidIn(t, dir)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	err := testkit.Eventually(t.Context(), "the child to be gone", func(context.Context) (bool, string, error) {
		return !runs(child), "it runs", nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStartEndsALeftoverOfTheSameProgram(t *testing.T) {
	needsProc(t)
	dir := t.TempDir()
	leftover := exec.CommandContext(t.Context(), os.Args[0])
	leftover.Env = waiting(dir).Env
	if err := leftover.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- leftover.Wait() }()
	note(t, dir, leftover.Process.Pid)
	startWaiting(t, dir)
	if err := <-ended; err == nil || err.Error() != "signal: killed" {
		t.Errorf("the leftover ended with %v", err)
	}
}

func TestStartLeavesAnotherProgramOfTheSameNumberAlone(t *testing.T) {
	needsProc(t)
	dir := t.TempDir()
	other := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Wait() }()
	defer func() { _ = other.Process.Kill() }()
	note(t, dir, other.Process.Pid)
	startWaiting(t, dir)
	if !runs(strconv.Itoa(other.Process.Pid)) {
		t.Error("a program that only has the number of the leftover was ended")
	}
}

// note leaves a number in dir as an earlier run would have.
func note(t *testing.T, dir string, pid int) {
	t.Helper()
	path := filepath.Join(dir, filepath.Base(os.Args[0])+".pid")
	if err := os.WriteFile(path, []byte(strconv.Itoa(pid)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStopEndsInOrderAndForgets(t *testing.T) {
	dir := t.TempDir()
	p := startWaiting(t, dir)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Failure().Error(), "(signal: terminated)") {
		t.Errorf("ended otherwise: %v", p.Failure())
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string(nil), left); diff != "" {
		t.Errorf("numbers of programs that have ended (-want +got):\n%s", diff)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("stopping twice: %v", err)
	}
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	deaf := waiting(t.TempDir())
	deaf.Env = append(os.Environ(), parentOf+"=the deaf")
	p, err := testkit.StartProgram(t.Context(), deaf)
	if err != nil {
		t.Fatal(err)
	}
	err = testkit.Eventually(t.Context(), "the program to be deaf", func(context.Context) (bool, string, error) {
		return p.Tail() == "deaf", p.Tail(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(impatient); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Failure().Error(), "(signal: killed)") {
		t.Errorf("ended otherwise: %v", p.Failure())
	}
}

func TestProgramThatCannotBeStartedSaysWhy(t *testing.T) {
	_, err := testkit.StartProgram(t.Context(), testkit.ProgramOptions{Path: "/no/such/thing", Dir: t.TempDir()})
	want := "start thing: fork/exec /no/such/thing: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
