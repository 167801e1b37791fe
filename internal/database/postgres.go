package database

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	defaultConnections = 16
	// idleFor gives connections back to a server that is shared with others.
	idleFor = 5 * time.Minute
	// connectionLife spreads connections anew over servers behind one name.
	connectionLife = 30 * time.Minute
)

// postgres is an [engine] on a server.
type postgres struct{ pool *sql.DB }

func openPostgres(config *pgx.ConnConfig, connections int) *postgres {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(idleFor)
	pool.SetConnMaxLifetime(connectionLife)
	return &postgres{pool: pool}
}

func (p *postgres) dialect() Dialect { return PostgreSQL }

func (p *postgres) ping(ctx context.Context) error { return p.pool.PingContext(ctx) }

func (p *postgres) close() error { return p.pool.Close() }

func (p *postgres) migrations() (*sql.DB, migrationGuard) {
	return p.pool, migrationGuard{session: advisoryLock{}}
}

func (p *postgres) write(ctx context.Context, f func(context.Context, Tx) error) error {
	tx, err := p.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	// After a commit this does nothing; before it, also when f panics, it ends
	// the transaction.
	defer func() { _ = tx.Rollback() }()
	t := &plainTx{Tx: tx}
	if err := t.run(ctx, t, f); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return &commitError{err: err}
	}
	t.committed()
	return nil
}

// read asks for REPEATABLE READ, which is one snapshot for all statements and
// what SQLite gives anyway.
func (p *postgres) read(ctx context.Context, f func(context.Context, Tx) error) error {
	return readFrom(ctx, p.pool, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, f)
}

func readFrom(ctx context.Context, pool *sql.DB, o *sql.TxOptions, f func(context.Context, Tx) error) error {
	tx, err := pool.BeginTx(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	t := &plainTx{Tx: tx}
	if err := t.run(ctx, t, f); err != nil {
		return err
	}
	t.committed()
	return nil
}

// plainTx is a [Tx] of its own connection.
type plainTx struct {
	*sql.Tx
	hooks
}
