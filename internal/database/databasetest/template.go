package databasetest

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
)

// template is the name of the database of the shared server that others are
// copies of.
const template = "rollcall_migrated"

// Migrating takes most of the time of most tests, and comes to the same every
// time: it is done once for a test binary, and copied.
var (
	migratedFile     = sync.OnceValues(migrateFile)
	migratedDatabase = sync.OnceValue(migrateTemplate)
)

// copyMigratedFile makes the file of the SQLite URL.
func copyMigratedFile(t testing.TB, sqlite string) {
	t.Helper()
	content, err := migratedFile()
	if err != nil {
		t.Fatalf("migrate: %v", err)
	}
	u, err := url.Parse(sqlite)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(u.Path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// migrateFile returns the content of a migrated SQLite file.
func migrateFile() ([]byte, error) {
	folder, err := os.MkdirTemp("", "rollcall-migrated-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "rollcall.db")
	if err := migrate("sqlite://" + file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

// copyMigratedDatabase makes a database of the shared server, and returns its URL.
func copyMigratedDatabase(t testing.TB, server string) string {
	t.Helper()
	if err := migratedDatabase(); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return createDatabase(t, server, template)
}

func migrateTemplate() error {
	s, err := shared()
	if err != nil {
		return err
	}
	if err := execute(s.url(), "CREATE DATABASE "+template); err != nil {
		return err
	}
	named, err := databaseURL(s.url(), template)
	if err != nil {
		return err
	}
	return migrate(named)
}

// migrate leaves no connection open: PostgreSQL copies no database that is in
// use, and the last one that goes moves SQLite's log into the file.
func migrate(url string) error {
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: url})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}
