package main

import (
	"context"
	"os/exec"
	"syscall"
	"time"
)

// strayDelay is how long the output of a command is awaited after it has ended.
const strayDelay = time.Second

// runGroup runs cmd, a command of ctx, in a process group of its own and waits for it. When ctx ends first, the whole
// group is killed, and the error is that of ctx.
//
// exec.CommandContext is not enough: it ends the command alone, and a compiler that the go command has started would
// run on. Asking first with an interrupt would gain nothing: neither "go build" nor setup-envtest tidies up on one.
func runGroup(ctx context.Context, cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = strayDelay
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
