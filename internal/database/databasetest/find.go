package databasetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

var errNoPrograms = errors.New("there is no PostgreSQL to test with: install it (on Debian and Ubuntu: apt-get install postgresql), " +
	"put initdb and postgres on PATH, or name a server in TEST_POSTGRES_URL")

// namedServer is the variable of the environment that names a server to use.
const namedServer = "TEST_POSTGRES_URL"

// shared starts one server for all tests of the binary that can share one.
var shared = sync.OnceValues(newServer)

// serverURL returns the URL of a server on which databases can be made.
func serverURL(t testing.TB) string {
	t.Helper()
	if named := os.Getenv(namedServer); named != "" {
		return named
	}
	s, err := shared()
	if err != nil {
		absent(t, err)
	}
	return s.url()
}

// absent skips the test, or fails it where PostgreSQL is required or where
// there is one that does not work.
func absent(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("REQUIRE_POSTGRES") == "1" || !errors.Is(err, errNoPrograms) {
		t.Fatal(err)
	}
	t.Skip(err)
}

// findPrograms returns the folder of initdb and postgres: what is on PATH, else
// the newest of Debian's, which keeps them off it.
func findPrograms() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if resolved, err := filepath.EvalSymlinks(initdb); err == nil && hasPostgres(filepath.Dir(resolved)) {
			return filepath.Dir(resolved), nil
		}
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(release(b), release(a)) })
	for _, folder := range folders {
		if hasPostgres(folder) {
			return folder, nil
		}
	}
	return "", errNoPrograms
}

func hasPostgres(folder string) bool {
	_, initdb := exec.LookPath(filepath.Join(folder, "initdb"))
	_, postgres := exec.LookPath(filepath.Join(folder, "postgres"))
	return initdb == nil && postgres == nil
}

// release is the number in /usr/lib/postgresql/<number>/bin.
func release(folder string) float64 {
	number, err := strconv.ParseFloat(filepath.Base(filepath.Dir(folder)), 64)
	if err != nil {
		return 0
	}
	return number
}

// empty is the database of every server that new ones are copies of.
const empty = "template1"

// createDatabase makes a database that is dropped with the test, a copy of the
// one that is named.
func createDatabase(t testing.TB, server, copyOf string) string {
	t.Helper()
	name := "rollcall_" + strings.ToLower(rand.Text())
	if err := execute(server, "CREATE DATABASE "+name+" TEMPLATE "+copyOf); err != nil {
		t.Fatalf("create a database for the test: %v", err)
	}
	t.Cleanup(func() {
		// A server that the test stopped takes its databases with it.
		_ = execute(server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	named, err := databaseURL(server, name)
	if err != nil {
		t.Fatal(err)
	}
	return named
}

func databaseURL(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", errors.New(namedServer + " is not a URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}

func execute(server, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
