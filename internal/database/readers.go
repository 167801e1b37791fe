package database

import (
	"context"
	"database/sql"
	"errors"
)

// readers run transactions that only read on connections to an SQLite file, each
// of which keeps what was compiled on it.
type readers struct {
	pool *sql.DB
	// free has a place for each connection; nil is one that is not open yet.
	free chan *session
}

func newReaders(pool *sql.DB, n int) *readers {
	r := &readers{pool: pool, free: make(chan *session, n)}
	for range n {
		r.free <- nil
	}
	return r
}

func (r *readers) read(ctx context.Context, f func(context.Context, Tx) error) error {
	var s *session
	select {
	case s = <-r.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	kept := false
	defer func() {
		if !kept && s != nil {
			_ = s.disconnect()
			s = nil
		}
		r.free <- s
	}()
	if s == nil {
		var err error
		if s, err = connect(ctx, r.pool); err != nil {
			return err
		}
	}
	lasting := context.WithoutCancel(ctx)
	if err := s.exec(lasting, "BEGIN"); err != nil {
		return err
	}
	t := &sessionTx{session: s}
	err := t.run(ctx, t, f)
	if err == nil {
		err = ctx.Err()
	}
	if ended := s.exec(lasting, "ROLLBACK"); ended != nil {
		return errors.Join(err, ended)
	}
	kept = true
	if err == nil {
		t.committed()
	}
	return err
}

// close ends the connections that nobody uses; the pool's own Close cuts off who
// still reads, and refuses who comes later.
func (r *readers) close() error {
	var errs []error
	for range cap(r.free) {
		select {
		case s := <-r.free:
			if s != nil {
				errs = append(errs, s.disconnect())
			}
			r.free <- nil
		default:
		}
	}
	return errors.Join(errs...)
}
