package testkit

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const loopback = "127.0.0.1"

func at(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

func (c *ControlPlane) portFile() string { return filepath.Join(c.dir, "port") }

// usualPort is the one of the run before; 0 at first.
func (c *ControlPlane) usualPort() int {
	content, err := os.ReadFile(c.portFile())
	if err != nil {
		return 0
	}
	port, err := strconv.Atoi(string(content))
	if err != nil {
		return 0
	}
	return port
}

func (c *ControlPlane) rememberPort() error {
	_, port, err := net.SplitHostPort(strings.TrimPrefix(c.config.Host, "https://"))
	if err != nil {
		return err
	}
	return os.WriteFile(c.portFile(), []byte(port), 0o600)
}

func isFree(ctx context.Context, port int) bool {
	if port == 0 {
		return false
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func freePort(ctx context.Context) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at(0))
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return strconv.Atoi(port)
}
