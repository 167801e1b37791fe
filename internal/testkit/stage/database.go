package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

// migrated is an SQLite file with the newest schema and nothing in it. Making
// one takes longer than most tests, so that there is one for all of a binary.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rollcall-stage-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "rollcall.db")
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: "sqlite://" + file})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	// Closing moves everything from the write-ahead log into the file.
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// openDatabase returns a database of the test's own.
func openDatabase(t testing.TB) (*database.DB, error) {
	t.Helper()
	content, err := migrated()
	if err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	file := filepath.Join(t.TempDir(), "rollcall.db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return nil, err
	}
	return databasetest.Open(t, "sqlite://"+file), nil
}
