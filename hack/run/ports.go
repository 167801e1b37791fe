package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// The ports that are tried first, and by how much another may differ.
const (
	usualPortal = 8080
	usualInbox  = 8025
	usualSMTP   = 1025
	portsTried  = 100
)

// ports are where the parts listen, on the loopback interface.
type ports struct {
	Portal int `json:"portal"`
	Inbox  int `json:"inbox"`
	SMTP   int `json:"smtp"`
}

// choosePorts prefers those of the last run, since links in mails lead to one
// of them; then the usual ones; then those above.
func choosePorts(ctx context.Context, l layout) (ports, error) {
	var last ports
	content, err := os.ReadFile(l.dev("ports.json"))
	if err == nil {
		// A file that cannot be read costs a port that was nicer, no more.
		_ = json.Unmarshal(content, &last)
	}
	var p ports
	taken := map[int]bool{}
	for _, c := range []struct {
		port        *int
		last, usual int
	}{{&p.Portal, last.Portal, usualPortal}, {&p.Inbox, last.Inbox, usualInbox}, {&p.SMTP, last.SMTP, usualSMTP}} {
		if *c.port, err = choosePort(ctx, c.last, c.usual, taken); err != nil {
			return p, err
		}
		taken[*c.port] = true
	}
	content, err = json.Marshal(p)
	if err != nil {
		return p, err
	}
	return p, writeFile(l.dev("ports.json"), string(content)+"\n")
}

func choosePort(ctx context.Context, last, usual int, taken map[int]bool) (int, error) {
	if last != 0 && !taken[last] && isFree(ctx, last) {
		return last, nil
	}
	for port := usual; port < usual+portsTried; port++ {
		if !taken[port] && isFree(ctx, port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port from %d to %d is free", usual, usual+portsTried-1)
}

// isFree asks both families: somebody else's server on the other one would get
// the browser that goes to localhost.
func isFree(ctx context.Context, port int) bool {
	for _, host := range []string{"127.0.0.1", "::1"} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			err = listener.Close()
		}
		if err != nil && (host == "127.0.0.1" || errors.Is(err, syscall.EADDRINUSE)) {
			return false
		}
	}
	return true
}

// anyPort is one that nobody needs to remember.
func anyPort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
