package database

import (
	"context"
	"database/sql"

	"k8s.io/utils/clock"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Options say which database to open, and how.
type Options struct {
	// URL is sqlite:///absolute/path/of/file.db, or postgres://... as libpq
	// describes it (PostgreSQL documentation, section 34.1.1.2). Behind a pooler
	// that gives each transaction another connection it says
	// default_query_exec_mode=exec, and migrations go to the server directly.
	// sqlite://:memory: is a file of its own that Close removes. Required.
	URL string
	// Connections is the most connections to a PostgreSQL server that this
	// process holds; 0 means 16.
	Connections int
	// Clock waits between attempts; nil means the real one.
	Clock clock.Clock
}

// DB is an open database. It may be used by many goroutines at once.
type DB struct {
	engine engine
	clock  clock.Clock
}

// engine is what differs between the kinds of database.
type engine interface {
	dialect() Dialect
	// write makes one attempt. An error of the commit itself is a *commitError.
	write(ctx context.Context, f func(context.Context, Tx) error) error
	read(ctx context.Context, f func(context.Context, Tx) error) error
	ping(ctx context.Context) error
	// migrations returns connections to migrate with, and who guards them.
	migrations() (*sql.DB, migrationGuard)
	close() error
}

// Open opens the database. An SQLite file is created when it is missing, its
// folder is not; a PostgreSQL server need not answer yet, because it may start
// later than we do: see [DB.Ping]. KindInvalid means that the URL can never
// work, KindUnavailable that the file cannot be opened.
func Open(ctx context.Context, o Options) (*DB, error) {
	t, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Connections <= 0 {
		o.Connections = defaultConnections
	}
	if t.dialect == PostgreSQL {
		return &DB{engine: openPostgres(t.postgres, o.Connections), clock: o.Clock}, nil
	}
	e, err := openSQLite(ctx, t.sqlite, o.Clock)
	if err != nil {
		return nil, translate(err)
	}
	return &DB{engine: e, clock: o.Clock}, nil
}

// Dialect returns which kind of database this is: for metrics and messages, not
// for choosing SQL.
func (db *DB) Dialect() Dialect { return db.engine.dialect() }

// Ping asks whether the database answers. KindUnavailable when it does not,
// KindDenied when it refuses our credentials.
func (db *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, transactionTimeout)
	defer cancel()
	return translate(db.engine.ping(ctx))
}

// Close waits for running statements and ends all connections.
func (db *DB) Close() error {
	if err := db.engine.close(); err != nil {
		return directory.Errorf(directory.KindInternal, "close the database", "%w", err)
	}
	return nil
}
