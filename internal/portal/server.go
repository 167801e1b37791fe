package portal

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-logr/logr"
)

// drainMax is how long requests under way may take to finish when the process
// is told to stop. It is shorter than Kubernetes' grace period of 30 seconds.
const drainMax = 20 * time.Second

// NewServer returns a server for the handler that a slow or greedy client can
// not hold up: 5 seconds for the headers, 10 for the request, 30 for the
// answer, a minute idle, and 16 KiB of headers.
func NewServer(h http.Handler, log logr.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      handlingMax + 10*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          connectionLog(log),
		// Its answer to "OPTIONS *" would be the only one without our headers.
		DisableGeneralOptionsHandler: true,
	}
}

// Serve answers on the listener until the context ends, and then lets requests
// under way finish, for at most 20 seconds. It closes the listener and returns
// nil when it was asked to stop and everybody was served.
func Serve(ctx context.Context, listener net.Listener, server *http.Server) error {
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve the portal: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("stop the portal: %w", err)
	}
	if err := <-stopped; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the portal: %w", err)
	}
	return nil
}

// connectionLog takes what the server says about broken connections. It names
// clients' addresses, so it is for debugging only.
func connectionLog(to logr.Logger) *log.Logger {
	return log.New(lineLogger{to.V(1)}, "", 0)
}

type lineLogger struct{ log logr.Logger }

// Write implements [io.Writer].
func (l lineLogger) Write(line []byte) (int, error) {
	l.log.Info("portal connection", "problem", strings.TrimSpace(string(line)))
	return len(line), nil
}
