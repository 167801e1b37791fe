package main

import (
	"context"
	"os/exec"
	"syscall"
	"time"
)

// strayDelay is how long the output of a command is awaited after it has ended.
const strayDelay = time.Second

// runGroup runs cmd in a process group of its own and waits for it. When ctx ends first, the whole group is killed, and
// the error is that of ctx.
//
// exec.CommandContext is not enough: it ends the command alone, and a compiler that the go command has started would
// run on. Asking first with an interrupt would gain nothing: neither "go build" nor setup-envtest tidies up on one.
func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = strayDelay
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	<-done
	return ctx.Err()
}
