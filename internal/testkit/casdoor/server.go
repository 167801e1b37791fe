package casdoor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
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
	// Organization is the one that there is beside Casdoor's own, "built-in". The
	// enterprise extension's "organization" names it in every user.
	Organization = "rollcall"
	// ClientID is of the application that may fetch tokens; see [Server.TokenURL].
	ClientID = "rollcall-provisioning"

	// startsWithin is how long Casdoor may take to answer, on a busy machine.
	startsWithin = 5 * time.Minute
	// listening begins the line in which launch tells its URL.
	listening = "listening on "
	// port is Casdoor's own, in a network where nobody else is.
	port = "18000"
)

// Options say what to start.
type Options struct {
	// Dir gets Casdoor's configuration, database and logs. No two may share it.
	Dir string
}

// Server is a running Casdoor.
type Server struct {
	origin  string
	secrets secrets
	program *testkit.Program
}

// Start runs Casdoor until the test ends, or skips the test; see the package
// comment.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if err := Missing(tb.Context()); err != nil {
		if os.Getenv("REQUIRE_CASDOOR") == "1" {
			tb.Fatalf("Casdoor is required here: %v", err)
		}
		tb.Skipf("Casdoor is not here: %v", err)
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

// Missing says what is missing to run Casdoor here; nil when nothing is.
func Missing(ctx context.Context) error {
	for _, name := range []string{"casdoor", "launch"} {
		if _, err := os.Stat(program(name)); err != nil {
			return fmt.Errorf("bin/casdoor/%s is not built: run make casdoor", name)
		}
	}
	out, err := exec.CommandContext(ctx, program("launch"), "try").CombinedOutput()
	if err != nil {
		return fmt.Errorf("no namespaces can be made here: %s", bytes.TrimSpace(out))
	}
	return nil
}

func program(name string) string {
	return filepath.Join(testkit.Repository(), "bin", "casdoor", name)
}

// Run starts Casdoor, and returns when its SCIM endpoints have answered.
func Run(ctx context.Context, o Options) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("start casdoor: no directory for its files")
	}
	s := &Server{secrets: secrets{Token: rand.Text(), ClientSecret: rand.Text(), Password: rand.Text()}}
	if err := configure(o.Dir, s.secrets); err != nil {
		return nil, fmt.Errorf("start casdoor: %w", err)
	}
	told := testkit.NewFirstLine()
	started, err := testkit.StartProgram(ctx, testkit.ProgramOptions{
		Path: program("launch"), Args: []string{"run", program("casdoor"), o.Dir, port}, Dir: o.Dir, Output: told,
	})
	if err != nil {
		return nil, fmt.Errorf("start casdoor: %w", err)
	}
	s.program = started
	if err := s.ready(ctx, told); err != nil {
		return nil, errors.Join(fmt.Errorf("start casdoor: %w", err), started.Kill())
	}
	return s, nil
}

// ready waits until Casdoor answers where launch says that it does.
func (s *Server) ready(ctx context.Context, told *testkit.FirstLine) error {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	select {
	case line := <-told.Line():
		origin, ok := strings.CutPrefix(line, listening)
		if !ok {
			return fmt.Errorf("launch says %q", line)
		}
		s.origin = origin
	case <-s.program.Done():
		return s.program.Failure()
	case <-ctx.Done():
		return ctx.Err()
	}
	return testkit.Eventually(ctx, "Casdoor's SCIM endpoints", func(ctx context.Context) (bool, string, error) {
		select {
		case <-s.program.Done():
			return false, "", s.program.Failure()
		default:
		}
		seen := s.observe(ctx)
		return strings.Contains(seen, "authenticationSchemes"), seen, nil
	})
}

// observe is what Casdoor answers, or why it does not.
func (s *Server) observe(ctx context.Context) string {
	body, err := s.read(ctx)
	if err != nil {
		return err.Error()
	}
	return body
}

func (s *Server) read(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/ServiceProviderConfig", http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+s.Token())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// URL is the base of the SCIM endpoints, without a slash at the end.
func (s *Server) URL() string { return s.origin + "/scim" }

// Token is a bearer token of the user "provisioning", an administrator of
// [Organization].
func (s *Server) Token() string { return s.secrets.Token }

// TokenURL is where [ClientID] gets tokens for its secret, with the grant
// client_credentials.
func (s *Server) TokenURL() string { return s.origin + "/api/login/oauth/access_token" }

// ClientSecret is that of [ClientID].
func (s *Server) ClientSecret() string { return s.secrets.ClientSecret }

// Tail is the end of Casdoor's log.
func (s *Server) Tail() string { return s.program.Tail() }

// Stop ends Casdoor. Its files stay.
func (s *Server) Stop(ctx context.Context) error { return s.program.Stop(ctx) }
