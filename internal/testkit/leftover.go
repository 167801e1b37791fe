package testkit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// leftoverEnds is how long a killed leftover may take to be gone.
const leftoverEnds = time.Minute

// remember notes in dir that a program runs, so that a later start can end it
// if this process could not.
func remember(dir, name string, pid int) error {
	return os.WriteFile(pidFile(dir, name), []byte(strconv.Itoa(pid)), 0o600)
}

func forget(dir, name string) error {
	err := os.Remove(pidFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func pidFile(dir, name string) string { return filepath.Join(dir, name+".pid") }

// endLeftover kills what an earlier run left of the program, if the process of
// the number noted in dir is that program: numbers are given again.
func endLeftover(ctx context.Context, dir, program string) error {
	name := filepath.Base(program)
	content, err := os.ReadFile(pidFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(string(content))
	if err != nil {
		return forget(dir, name)
	}
	resolved, err := filepath.EvalSymlinks(program)
	if err != nil {
		return err
	}
	if programOf(ctx, pid) == resolved {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end %s of an earlier run: %w", name, err)
		}
	}
	gone := func(ctx context.Context) (bool, error) { return programOf(ctx, pid) != resolved, nil }
	if err := wait.PollUntilContextTimeout(ctx, look, leftoverEnds, true, gone); err != nil {
		return fmt.Errorf("%s of an earlier run (process %d) does not end: %w", name, pid, err)
	}
	return forget(dir, name)
}

// programOf is the file that a process runs; empty when there is no such
// process, or it is not ours to look at.
func programOf(ctx context.Context, pid int) string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err == nil {
		return strings.TrimSuffix(path, " (deleted)")
	}
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		return ""
	}
	out, err := exec.CommandContext(ctx, "ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
