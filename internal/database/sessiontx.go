package database

import (
	"context"
	"database/sql"
)

// sessionTx is a [Tx] on a connection that is kept. The context is asked, never
// given to the driver: on the connection that writes, an interrupted statement
// rolls back what belongs to others (sqlite.org/c3ref/interrupt.html); on one
// that reads, database/sql would close the rows some time after the end of the
// context, when the next transaction may use the same compiled statement.
type sessionTx struct {
	hooks
	session *session
}

// ExecContext implements [Tx].
func (t *sessionTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.session.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext implements [Tx].
func (t *sessionTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.session.QueryContext(context.WithoutCancel(ctx), query, args...)
}

// QueryRowContext implements [Tx].
func (t *sessionTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() != nil {
		// The driver makes a row that carries the error.
		return t.session.conn.QueryRowContext(ctx, query, args...)
	}
	return t.session.QueryRowContext(context.WithoutCancel(ctx), query, args...)
}
