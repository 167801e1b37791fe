package databasetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// startTimeout is generous: machines that test are busy.
	startTimeout = 2 * time.Minute
	// superuser owns the server that is started here.
	superuser = "rollcall"
)

// supervise runs PostgreSQL until its standard input ends, which it does with
// the process that holds the other end, and then removes the folder; a line
// that says "keep" stops the server and leaves the folder for another start.
// It stops as a crash would (SIGQUIT), and ignores the terminal's interrupt,
// because the tests get that too and end the input.
const supervise = `
trap '' INT TERM
folder=$1; shift
"$@" >>"$folder/log" 2>&1 &
server=$!
read -r order || order=end
kill -QUIT "$server"
wait "$server"
[ "$order" = keep ] || rm -rf "$folder"
`

// Server is a PostgreSQL server of its own that a test may stop and start.
type Server struct {
	programs string
	folder   string
	owner    *syscall.Credential

	supervisor *exec.Cmd
	orders     io.WriteCloser
}

// NewServer starts a server that lasts as long as the test, or skips the test
// when the programs are missing.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s, err := newServer()
	if err != nil {
		absent(t, err)
	}
	t.Cleanup(func() {
		if err := s.stop(""); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
	return s
}

// Database returns the URL of a fresh, empty database on the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return createDatabase(t, s.url(), empty)
}

// Stop ends the server as a crash would, and returns when it is gone.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.stop("keep\n"); err != nil {
		t.Fatalf("stop PostgreSQL: %v", err)
	}
}

// Start starts a stopped server again, at the same address with the same data,
// and returns when it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
}

func newServer() (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// Not below the test's folder: a socket's path has at most 107 bytes.
	folder, err := os.MkdirTemp("", "rollcall-pg-")
	if err != nil {
		return nil, err
	}
	s := &Server{programs: programs, folder: folder, owner: owner}
	if err := errors.Join(s.initialize(), s.start()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func (s *Server) initialize() error {
	if s.owner != nil {
		if err := os.Chown(s.folder, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.programs, "initdb"), "--pgdata", s.data(), "--username", superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) url() string {
	query := url.Values{"host": {s.folder}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres", RawQuery: query.Encode()}).String()
}

func (s *Server) start() error {
	cmd := exec.Command("/bin/sh", "-c", supervise, "supervise", s.folder,
		filepath.Join(s.programs, "postgres"), "-D", s.data(), "-k", s.folder, "-h", "",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "deadlock_timeout=50ms", "-c", "shared_buffers=64MB")
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Setpgid: true}
	orders, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.supervisor, s.orders = cmd, orders
	return s.await()
}

// await returns when the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.url())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return errors.Join(fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, log), s.stop(""))
		}
	}
}

// stop does nothing when the server is stopped already, but for removing its folder.
func (s *Server) stop(order string) error {
	if s.supervisor == nil {
		return os.RemoveAll(s.folder)
	}
	_, err := io.WriteString(s.orders, order)
	err = errors.Join(err, s.orders.Close(), s.supervisor.Wait())
	s.supervisor = nil
	return err
}

// unprivileged returns whom to run PostgreSQL as, which refuses to run as root;
// nil for ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}
