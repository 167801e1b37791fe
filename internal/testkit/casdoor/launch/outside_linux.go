package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// outside runs a copy of this program inside of namespaces.
func outside(ctx context.Context, args []string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("listening on a %T", listener)
	}
	socket, err := tcp.File()
	if err != nil {
		return err
	}
	defer socket.Close()
	cmd, err := start(ctx, append([]string{"inside"}, args...), socket)
	if err != nil {
		return err
	}
	fmt.Println("listening on http://" + listener.Addr().String())
	err = cmd.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("all that was inside has ended: %w", err)
}

func try(ctx context.Context) error {
	cmd, err := start(ctx, []string{"nothing"})
	if err != nil {
		return err
	}
	return cmd.Wait()
}

// start starts a copy of this program in namespaces: without one for users where
// that is allowed, and with one otherwise.
func start(ctx context.Context, args []string, files ...*os.File) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// The kernel takes the end of this thread for the end of its parent
	// (golang/go#27505); the main goroutine keeps it to the end.
	runtime.LockOSThread()
	var failed []error
	for _, more := range []uintptr{0, syscall.CLONE_NEWUSER} {
		cmd := exec.CommandContext(ctx, self, args...)
		cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, files
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | more, Pdeathsig: syscall.SIGKILL,
		}
		if more != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
		}
		err := cmd.Start()
		if err == nil {
			return cmd, nil
		}
		failed = append(failed, err)
	}
	return nil, fmt.Errorf("make namespaces of network, processes and users: %w", errors.Join(failed...))
}
