package database

import (
	"context"
	"database/sql"
	"time"
)

// Tx is a running transaction. It is for one goroutine, and ends with the
// function that it was given to.
type Tx interface {
	// ExecContext runs a statement that returns no rows.
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	// QueryContext runs a statement that returns rows. The caller closes them
	// before the next statement.
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// QueryRowContext runs a statement that returns at most one row.
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row

	// BeforeCommit has the function called at the end of the transaction, when
	// the function given to [DB.Write] has returned nil. Its error fails the
	// transaction. It is for what must hold a lock for as short as possible.
	BeforeCommit(f func(ctx context.Context, tx Tx) error)
	// AfterCommit has the function called once the transaction is durable, and
	// not when it is not. It must not use the transaction any more.
	AfterCommit(f func())
}

// Micros returns the time as databases hold it: microseconds since 1970 in UTC,
// and 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the inverse of [Micros]; the result is in UTC.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
