package database_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestPromise_SQLiteCommitsAreDurable(t *testing.T) {
	db := databasetest.SQLite(t)
	got := map[string]string{}
	err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
		for _, pragma := range []string{"journal_mode", "synchronous", "foreign_keys"} {
			var value string
			if err := tx.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&value); err != nil {
				return err
			}
			got[pragma] = value
		}
		return nil
	})
	// synchronous 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestSQLiteFileIsPrivateWhateverItsName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "with space, 100% and ?#&")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "roll call;é.db")
	db := databasetest.Migrated(t, "sqlite://"+(&url.URL{Path: path}).EscapedPath())
	mustWrite(t, db, "UPDATE change_head SET value = 1 WHERE id = 1")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]os.FileMode{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimPrefix(entry.Name(), filepath.Base(path))] = info.Mode()
	}
	want := map[string]os.FileMode{"": 0o600, "-wal": 0o600, "-shm": 0o600, ".migrating": 0o600}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}

func TestSQLiteTemporaryFileGoesWithItsDatabase(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for range 2 {
		db, err := database.Open(t.Context(), database.Options{URL: "sqlite://:memory:"})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		table(t, db)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSQLiteFileThatCannotBe(t *testing.T) {
	url := "sqlite://" + filepath.Join(t.TempDir(), "no folder", "rollcall.db")
	_, err := database.Open(t.Context(), database.Options{URL: strings.ReplaceAll(url, " ", "%20")})
	if err == nil || !strings.Contains(err.Error(), "the folder must exist") {
		t.Errorf("error %v; want one that says what to do", err)
	}
}

func TestSQLiteLockedByAnotherProcessIsUnavailable(t *testing.T) {
	db := databasetest.SQLite(t)
	table(t, db)
	second := databasetest.Second(t, db)
	err := second.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
		if err := insert("first")(ctx, tx); err != nil {
			return err
		}
		impatient, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if err := db.Write(impatient, insert("second")); !directory.IsKind(err, directory.KindUnavailable) {
			t.Errorf("error %v (%s); want kind Unavailable", err, directory.KindOf(err))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Write(t.Context(), insert("third")); err != nil {
		t.Errorf("it did not recover: %v", err)
	}
	if diff := cmp.Diff([]string{"first", "third"}, names(t, db)); diff != "" {
		t.Error(diff)
	}
}

// When SQLite gives a whole transaction up by itself, only whoever filled the
// disk fails; the others are repeated, and what was acknowledged is in the file.
func TestSQLiteFullDiskFailsOnlyWhoFilledIt(t *testing.T) {
	db := databasetest.SQLite(t)
	table(t, db)
	// The limit belongs to the connection, which is replaced after the failure.
	err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
		return tx.QueryRowContext(ctx, "PRAGMA max_page_count = 1").Scan(new(int))
	})
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged, failed atomic.Int64
	together(t, 40, func(i int) error {
		name, big := fmt.Sprintf("thing %02d", i), i%4 == 0
		filler := ""
		if big {
			filler = strings.Repeat("x", 100_000)
		}
		err := db.Write(t.Context(), statement("INSERT INTO things (name, n, filler) VALUES ($1, 1, $2)", name, filler))
		switch {
		case err == nil:
			acknowledged.Add(1)
		case big && directory.IsKind(err, directory.KindUnavailable):
			failed.Add(1)
		default:
			return fmt.Errorf("%s: kind %s: %w", name, directory.KindOf(err), err)
		}
		return nil
	})
	if stored := len(names(t, db)); int64(stored) != acknowledged.Load() || failed.Load() == 0 {
		t.Errorf("%d are stored, %d were acknowledged, %d failed", stored, acknowledged.Load(), failed.Load())
	}
}

const childURL = "ROLLCALL_TEST_CHILD_URL"

// A process that is killed loses nothing that it acknowledged.
func TestPromise_AcknowledgedWritesSurviveSIGKILL(t *testing.T) {
	if url := os.Getenv(childURL); url != "" {
		writeForever(t, url)
		return
	}
	url := databasetest.SQLiteURL(t)
	table(t, databasetest.Migrated(t, url))
	for round := range 3 {
		acknowledged := runAndKill(t, url, 200)
		stored := map[string]bool{}
		for _, name := range names(t, databasetest.Open(t, url)) {
			stored[name] = true
		}
		for _, name := range acknowledged {
			if !stored[name] {
				t.Errorf("round %d: %q was acknowledged and is lost", round, name)
			}
		}
		checkIntegrity(t, url)
	}
}

// runAndKill starts this test as a child, kills it after so many acknowledged
// writes, and returns them all.
func runAndKill(t *testing.T, url string, after int) []string {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPromise_AcknowledgedWritesSurviveSIGKILL$")
	child.Env = append(os.Environ(), childURL+"="+url)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if name, ok := strings.CutPrefix(lines.Text(), "wrote "); ok {
			acknowledged = append(acknowledged, name)
		}
		if len(acknowledged) == after {
			if err := child.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) {
		t.Errorf("the child was not killed: %v", err)
	}
	if len(acknowledged) < after {
		t.Fatalf("the child wrote %d times only", len(acknowledged))
	}
	return acknowledged
}

func writeForever(t *testing.T, url string) {
	db := databasetest.Open(t, url)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d/%d/%d", os.Getpid(), worker, i)
				if err := db.Write(context.Background(), insert(name)); err != nil {
					fmt.Println("failed", err)
					os.Exit(3)
				}
				// One line, one system call: lines do not mix.
				_, _ = os.Stdout.WriteString("wrote " + name + "\n")
			}
		}()
	}
	select {}
}

func checkIntegrity(t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("the file's integrity: %s, %v", verdict, err)
	}
}
