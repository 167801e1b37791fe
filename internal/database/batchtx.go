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
	return t.writer.session.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext implements [Tx].
func (t *batchTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.writer.session.QueryContext(context.WithoutCancel(ctx), query, args...)
}

// QueryRowContext implements [Tx].
func (t *batchTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() != nil {
		// The driver makes a row that carries the error.
		return t.writer.session.conn.QueryRowContext(ctx, query, args...)
	}
	return t.writer.session.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}
