package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// inherited is the number of the listening socket: the first file after the
// three that every process has.
const inherited = 3

// inside runs the program, and forwards what arrives at the inherited socket to
// its port. This is the first process of its process table, so that the kernel
// ends all others with it.
func inside(ctx context.Context, program, dir, port string) error {
	if err := raiseLoopback(); err != nil {
		return fmt.Errorf("bring up the loopback interface: %w", err)
	}
	listener, err := net.FileListener(os.NewFile(inherited, "listener"))
	if err != nil {
		return fmt.Errorf("take over the socket: %w", err)
	}
	defer listener.Close()
	cmd := exec.CommandContext(ctx, program)
	// The program finds its own lsof there, and no other.
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + filepath.Join(dir, "path"), "HOME=" + dir, "TMPDIR=" + dir}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	go forwardAll(ctx, listener, net.JoinHostPort("127.0.0.1", port))
	return fmt.Errorf("%s has ended: %w", filepath.Base(program), cmd.Wait())
}

// raiseLoopback is "ip link set lo up".
func raiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

func forwardAll(ctx context.Context, listener net.Listener, to string) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go forward(ctx, connection, to)
	}
}

// forward waits for the program to listen; a client that comes early is patient.
func forward(ctx context.Context, client net.Conn, to string) {
	defer client.Close()
	server, err := dial(ctx, to)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

const (
	patience = 3 * time.Minute
	pause    = 20 * time.Millisecond
)

func dial(ctx context.Context, to string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", to)
		if err == nil {
			return connection, nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}
