package scimmy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

const (
	// startsWithin is how long the server may take to listen, on a busy machine.
	startsWithin = 5 * time.Minute
	// listening begins the line in which the server tells its URL.
	listening = "listening on "
)

// Options say what to start.
type Options struct {
	// Token is the bearer token. Default: a random one.
	Token string
	// Dir gets the server's log. No two servers may share it.
	Dir string
}

// Server is a running server.
type Server struct {
	url     string
	token   string
	program *testkit.Program
}

// Start runs a server until the test ends, or skips the test; see the package
// comment.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if err := Missing(); err != nil {
		if os.Getenv("REQUIRE_SCIMMY") == "1" {
			tb.Fatalf("scimmy is required here: %v", err)
		}
		tb.Skipf("scimmy is not here: %v", err)
	}
	s, err := Run(tb.Context(), Options{Dir: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Missing says what is missing to run a server here; nil when nothing is.
func Missing() error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("no node found: install nodejs and npm, and run make scimmy")
	}
	if _, err := os.Stat(filepath.Join(modules(), "installed.json")); err != nil {
		return errors.New("bin/scimmy is not installed: run make scimmy")
	}
	return nil
}

func modules() string { return filepath.Join(testkit.Repository(), "bin", "scimmy") }

// Run starts a server, and returns when it has answered.
func Run(ctx context.Context, o Options) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("start scimmy: no directory for its log")
	}
	if o.Token == "" {
		o.Token = rand.Text()
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("start scimmy: %w", err)
	}
	told := testkit.NewFirstLine()
	program, err := testkit.StartProgram(ctx, testkit.ProgramOptions{
		Path: node, Args: []string{filepath.Join(testkit.Repository(), "hack", "scimmy", "server.mjs"), modules()},
		Env: []string{"SCIM_TOKEN=" + o.Token, "PATH=" + os.Getenv("PATH")}, Dir: o.Dir, Output: told,
	})
	if err != nil {
		return nil, fmt.Errorf("start scimmy: %w", err)
	}
	s := &Server{token: o.Token, program: program}
	if err := s.ready(ctx, told); err != nil {
		return nil, errors.Join(fmt.Errorf("start scimmy: %w", err), program.Kill())
	}
	return s, nil
}

// ready waits until the server has told its URL, and answers there.
func (s *Server) ready(ctx context.Context, told *testkit.FirstLine) error {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	select {
	case line := <-told.Line():
		url, ok := strings.CutPrefix(line, listening)
		if !ok {
			return fmt.Errorf("it says %q", line)
		}
		s.url = url
	case <-s.program.Done():
		return s.program.Failure()
	case <-ctx.Done():
		return fmt.Errorf("it does not listen: %w; its log ends with:\n%s", ctx.Err(), s.program.Tail())
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/ServiceProviderConfig", http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("it does not answer: %w; its log ends with:\n%s", err, s.program.Tail())
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers with %s", response.Status)
	}
	return nil
}

// URL is the base of the SCIM endpoints, without a slash at the end.
func (s *Server) URL() string { return s.url }

// Token is the bearer token.
func (s *Server) Token() string { return s.token }

// Tail is the end of the server's log.
func (s *Server) Tail() string { return s.program.Tail() }

// Stop ends the server, and with it all that it knows.
func (s *Server) Stop(ctx context.Context) error { return s.program.Stop(ctx) }
