package database

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// The tables of all packages are one set of migrations, so that a foreign key
// may lead from one package's table to another's and the order is never in
// doubt. A migration that was released is never edited.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationLock is the key of PostgreSQL's advisory lock: "rollcall" in ASCII.
const migrationLock int64 = 0x726f6c6c63616c6c

// migrationGuard keeps two processes from migrating at once; one of its parts
// is set.
type migrationGuard struct {
	session lock.SessionLocker
	file    lock.Locker
}

// Migrate creates or upgrades the tables; when there is nothing to do it writes
// nothing. Any number of processes may call it at once. A database that a newer
// release has upgraded is left as it is. KindUnavailable and KindDenied as
// everywhere; KindInternal means that a migration does not fit the database.
func (db *DB) Migrate(ctx context.Context) error {
	const op = "migrate the database"
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return directory.Errorf(directory.KindInternal, op, "%w", err)
	}
	pool, guard := db.engine.migrations()
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if guard.session != nil {
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(guard.session))
	} else {
		options = append(options, goose.WithLocker(guard.file))
	}
	provider, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return directory.Errorf(directory.KindInternal, op, "%w", err)
	}
	// Each migration is a transaction together with its entry in goose's table,
	// so what was applied before a failure is not applied again.
	err = db.repeat(ctx, func() error {
		_, err := provider.Up(ctx)
		return err
	})
	if err != nil {
		return directory.Errorf(directory.KindOf(err), op, "%w", err)
	}
	return nil
}

// advisoryLock is a [lock.SessionLocker] that waits in the server, where goose's
// own asks every few seconds.
type advisoryLock struct{}

// SessionLock implements [lock.SessionLocker].
func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock)
	return err
}

// SessionUnlock implements [lock.SessionLocker].
func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", migrationLock)
	return err
}
