package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"k8s.io/utils/clock"
	"modernc.org/sqlite"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// minReaders is the least number of connections that read at once.
const minReaders = 4

// sqliteFile is an [engine] on a file: one connection writes, several read, and
// in WAL mode neither waits for the other.
type sqliteFile struct {
	writer  *writer
	writing *sql.DB
	reading *sql.DB
	readers *readers
	guard   *fileLock
	// scratch is a folder that goes away with the engine; "" when there is none.
	scratch string
}

func openSQLite(ctx context.Context, t sqliteTarget, c clock.Clock) (*sqliteFile, error) {
	s := &sqliteFile{}
	if t.temporary {
		folder, err := os.MkdirTemp("", "rollcall-sqlite-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for a temporary database: %w", err)
		}
		s.scratch, t.path = folder, filepath.Join(folder, "rollcall.db")
	}
	if err := createPrivately(t.path); err != nil {
		return nil, directory.Errorf(directory.KindUnavailable, "create the database file", "%w", errors.Join(err, s.removeScratch()))
	}
	if err := s.connect(ctx, t.path); err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.guard = &fileLock{path: t.path + ".migrating", clock: c}
	return s, nil
}

func (s *sqliteFile) connect(ctx context.Context, path string) error {
	writing, err := sqlite.NewConnector(dataSource(path, false))
	if err != nil {
		return err
	}
	reading, err := sqlite.NewConnector(dataSource(path, true))
	if err != nil {
		return err
	}
	readers := max(minReaders, 2*runtime.GOMAXPROCS(0))
	s.writing, s.reading = sql.OpenDB(writing), sql.OpenDB(reading)
	// One for transactions, which keep it, and one for migrations.
	s.writing.SetMaxOpenConns(2)
	s.writing.SetMaxIdleConns(1)
	// One more, which asks whether the file is there.
	s.reading.SetMaxOpenConns(readers + 1)
	s.reading.SetMaxIdleConns(readers + 1)
	s.writer, s.readers = newWriter(s.writing), newReaders(s.reading, readers)
	// The first connection turns the file into WAL mode, which readers cannot.
	return s.writing.PingContext(ctx)
}

// dataSource asks for
//   - WAL: readers do not block the writer, nor the writer them;
//   - synchronous=FULL: a commit is on the disk before it is acknowledged; in
//     WAL mode NORMAL, the common advice, loses the last commits with the power;
//   - BEGIN IMMEDIATE: a transaction that will write waits at its start, where
//     waiting is possible, and never fails in its middle with SQLITE_BUSY_SNAPSHOT;
//   - a busy timeout of a second, because a transaction that waits for another
//     process cannot be called off; [DB.Write] tries again.
func dataSource(path string, readOnly bool) string {
	q := url.Values{"_pragma": {
		"busy_timeout(1000)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
		"temp_store(MEMORY)",
	}}
	q.Set("_txlock", "immediate")
	q.Set("_dqs", "0")
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func (s *sqliteFile) dialect() Dialect { return SQLite }

func (s *sqliteFile) write(ctx context.Context, f func(context.Context, Tx) error) error {
	return s.writer.write(ctx, f)
}

func (s *sqliteFile) read(ctx context.Context, f func(context.Context, Tx) error) error {
	return s.readers.read(ctx, f)
}

// ping reads the file; opening a connection alone would not.
func (s *sqliteFile) ping(ctx context.Context) error {
	var n int64
	return s.reading.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&n)
}

func (s *sqliteFile) migrations() (*sql.DB, migrationGuard) {
	return s.writing, migrationGuard{file: s.guard}
}

func (s *sqliteFile) close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close(), s.readers.close())
	}
	for _, pool := range []*sql.DB{s.reading, s.writing} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(append(errs, s.removeScratch())...)
}

func (s *sqliteFile) removeScratch() error {
	if s.scratch == "" {
		return nil
	}
	return os.RemoveAll(s.scratch)
}

// createPrivately creates the file, readable by its owner only, when there is
// none; SQLite gives the files beside it the same mode. It appears under its
// name only after it is closed: closing any descriptor of an open database
// drops the process's locks on it (sqlite.org/howtocorrupt.html, section 2.2).
func createPrivately(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".rollcall-*") // mode 0600
	if err != nil {
		return fmt.Errorf("the folder must exist and be writable: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes the file's name as durable as its contents will be.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
