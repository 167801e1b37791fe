package database

import (
	"context"
	"database/sql"
)

// batchTx is a [Tx] that is one savepoint of a [batch].
type batchTx struct {
	hooks
	writer *writer
}

// ExecContext implements [Tx].
func (t *batchTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.writer.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext implements [Tx].
func (t *batchTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.writer.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext implements [Tx].
func (t *batchTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	// A row carries its error, and only the driver can make one that does: so a
	// context that is done, or a statement that does not compile, goes the long way.
	if ctx.Err() != nil {
		return t.writer.conn.QueryRowContext(ctx, query, args...)
	}
	ctx = context.WithoutCancel(ctx)
	stmt, err := t.writer.prepare(ctx, query)
	if err != nil {
		return t.writer.conn.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}
