package databasetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
)

// Each runs the test as a subtest on a fresh, migrated SQLite database, and on
// a fresh, migrated PostgreSQL database, both at once and after the function that
// calls it: it is the last thing that a test does.
func Each(t *testing.T, f func(t *testing.T, db *database.DB)) {
	t.Helper()
	for name, fresh := range map[string]func(testing.TB) *database.DB{"SQLite": SQLite, "PostgreSQL": PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, fresh(t))
		})
	}
}

// EachBenchmark is [Each] for a benchmark.
func EachBenchmark(b *testing.B, f func(b *testing.B, db *database.DB)) {
	b.Helper()
	b.Run("SQLite", func(b *testing.B) { f(b, SQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { f(b, PostgreSQL(b)) })
}

// SQLite returns a fresh, migrated SQLite database that lasts as long as the test.
func SQLite(t testing.TB) *database.DB {
	t.Helper()
	url := SQLiteURL(t)
	copyMigratedFile(t, url)
	return Open(t, url)
}

// SQLiteURL returns the URL of an SQLite file that does not exist yet, and lasts
// as long as the test.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "rollcall.db")
}

// PostgreSQL returns a fresh, migrated PostgreSQL database that lasts as long
// as the test, or skips the test when there is no server.
func PostgreSQL(t testing.TB) *database.DB {
	t.Helper()
	if os.Getenv(namedServer) != "" {
		return Migrated(t, PostgreSQLURL(t))
	}
	return Open(t, copyMigratedDatabase(t, serverURL(t)))
}

// PostgreSQLURL returns the URL of a fresh, empty PostgreSQL database that lasts
// as long as the test, or skips the test when there is no server.
func PostgreSQLURL(t testing.TB) string {
	t.Helper()
	return createDatabase(t, serverURL(t), empty)
}

// Second opens the database once more, with connections of its own, as another
// process would.
func Second(t testing.TB, db *database.DB) *database.DB {
	t.Helper()
	return Open(t, opened.url(t, db))
}

// Migrated opens the database and migrates it. It is closed with the test.
func Migrated(t testing.TB, url string) *database.DB {
	t.Helper()
	db := Open(t, url)
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return db
}

// Open opens the database. It is closed with the test.
func Open(t testing.TB, url string) *database.DB {
	t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	opened.remember(db, url)
	t.Cleanup(func() {
		opened.forget(db)
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// opened knows how each database was opened, because a DB does not tell.
var opened = &urls{of: map[*database.DB]string{}}

type urls struct {
	mu sync.Mutex
	of map[*database.DB]string
}

func (u *urls) remember(db *database.DB, url string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.of[db] = url
}

func (u *urls) forget(db *database.DB) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.of, db)
}

func (u *urls) url(t testing.TB, db *database.DB) string {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	url, ok := u.of[db]
	if !ok {
		t.Fatal("this database was not opened by databasetest")
	}
	return url
}
