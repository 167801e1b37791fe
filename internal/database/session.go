package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// session is a connection to an SQLite file that is kept, with the statements
// that were compiled on it: the code has a fixed number of them, and SQLite
// takes longer to compile most than to run them. It is for one goroutine at a
// time.
type session struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func connect(ctx context.Context, pool *sql.DB) (*session, error) {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, statements: map[string]*sql.Stmt{}}, nil
}

func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt, ok := s.statements[query]; ok {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.statements[query] = stmt
	return stmt, nil
}

// exec runs a statement of no arguments and no rows.
func (s *session) exec(ctx context.Context, query string) error {
	_, err := s.ExecContext(ctx, query)
	return err
}

// ExecContext runs a statement that returns no rows.
func (s *session) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it is kept until disconnect
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a statement that returns rows.
func (s *session) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it is kept until disconnect
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement that returns at most one row.
func (s *session) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := s.prepare(ctx, query) //nolint:sqlclosecheck // it is kept until disconnect
	if err != nil {
		// A row carries its error, and only the driver can make one that does: so
		// a statement that does not compile goes the long way.
		return s.conn.QueryRowContext(ctx, query, args...)
	}
	return stmt.QueryRowContext(ctx, args...)
}

// disconnect ends the connection instead of giving it back to the pool, because
// it may be in the middle of a transaction.
func (s *session) disconnect() error {
	var errs []error
	for _, stmt := range s.statements {
		errs = append(errs, stmt.Close())
	}
	if err := s.conn.Raw(func(any) error { return driver.ErrBadConn }); !errors.Is(err, driver.ErrBadConn) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
