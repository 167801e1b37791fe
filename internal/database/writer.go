package database

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

const (
	// maxBatch bounds how many transactions wait for one commit, and with that
	// how much is undone when the commit fails.
	maxBatch = 128
	// cleanupTimeout bounds what is done for a caller that has given up.
	cleanupTimeout = 10 * time.Second
)

// writer runs write transactions on the one connection that writes to an SQLite
// file. Transactions that wait for each other share a commit, because the
// commit's fsync costs more than all the rest: each runs in a savepoint of one
// SQLite transaction, on its caller's goroutine, and the last commits for all.
// Nobody is told of success before that commit. A failed commit fails all of
// them, also those that had failed by themselves: their failure may have rested
// on what never came to be.
type writer struct {
	pool  *sql.DB
	queue queue

	// The fields below belong to whoever has the turn.
	session *session
	open    *batch
	closed  bool
}

// batch is one SQLite transaction. What it holds may be read once done is closed.
type batch struct {
	size int
	done chan struct{}
	// broken is who left the transaction where it should not be: SQLite rolls
	// all of it back by itself when the disk is full or failing.
	broken *sessionTx
	// err is what those are told who did not break it.
	err error
}

var (
	errClosed = errors.New("the database is closed")
	// errBroken tells that nothing was done, through no fault of one's own.
	errBroken = errors.New("another transaction of the same commit failed with all of it")
)

func newWriter(pool *sql.DB) *writer { return &writer{pool: pool} }

func (w *writer) write(ctx context.Context, f func(context.Context, Tx) error) error {
	if err := w.queue.enter(ctx); err != nil {
		return err
	}
	// From here on the context is asked, never given to the driver: an
	// interrupted statement rolls back the whole SQLite transaction
	// (sqlite.org/c3ref/interrupt.html), and with it what belongs to others.
	b, err := w.begin(ctx)
	if err != nil {
		w.queue.leave()
		return err
	}
	t := &sessionTx{session: w.session}
	err = w.savepoint(ctx, b, t, f)
	w.handOver(context.WithoutCancel(ctx), b)
	<-b.done
	switch {
	case b.broken == t:
		return err
	case b.err != nil:
		return b.err
	case err != nil:
		return err
	}
	t.committed()
	return nil
}

// begin joins the open batch or starts one.
func (w *writer) begin(ctx context.Context) (*batch, error) {
	if w.open != nil {
		w.open.size++
		return w.open, nil
	}
	if w.closed {
		return nil, errClosed
	}
	ctx = context.WithoutCancel(ctx)
	if w.session == nil {
		var err error
		if w.session, err = connect(ctx, w.pool); err != nil {
			return nil, err
		}
	}
	if err := w.session.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, errors.Join(err, w.disconnect())
	}
	w.open = &batch{size: 1, done: make(chan struct{})}
	return w.open, nil
}

// savepoint runs f so that its failure, or its panic, undoes only its own work.
func (w *writer) savepoint(ctx context.Context, b *batch, t *sessionTx, f func(context.Context, Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lasting := context.WithoutCancel(ctx)
	if err := w.session.exec(lasting, "SAVEPOINT one"); err != nil {
		b.broken = t
		return err
	}
	returned := false
	defer func() {
		if !returned {
			w.undo(lasting, b, t)
			w.handOver(lasting, b)
		}
	}()
	err := t.run(ctx, t, f)
	returned = true
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		w.undo(lasting, b, t)
		return err
	}
	if err = w.session.exec(lasting, "RELEASE one"); err != nil {
		b.broken = t
	}
	return err
}

// undo takes back what f did. Where that fails SQLite has taken back more.
func (w *writer) undo(ctx context.Context, b *batch, t *sessionTx) {
	if w.session.exec(ctx, "ROLLBACK TO one") != nil || w.session.exec(ctx, "RELEASE one") != nil {
		b.broken = t
	}
}

// handOver lets the next transaction join the batch, or ends the batch when
// nobody waits or it is large enough.
func (w *writer) handOver(ctx context.Context, b *batch) {
	if b.broken == nil && b.size < maxBatch && w.queue.next() {
		return
	}
	w.end(ctx, b)
	w.queue.leave()
}

// end commits the batch, or gives it up when it is broken.
func (w *writer) end(ctx context.Context, b *batch) {
	w.open = nil
	if b.broken != nil {
		b.err = errBroken
	} else if err := w.session.exec(ctx, "COMMIT"); err != nil {
		b.err = &commitError{err: err}
	}
	if b.err != nil {
		// Ending the connection rolls back, if SQLite has not done so already.
		_ = w.disconnect()
	}
	close(b.done)
}

// disconnect gives up the connection, with the transaction that it may be in.
func (w *writer) disconnect() error {
	ended := w.session
	w.session = nil
	return ended.disconnect()
}

func (w *writer) close() error {
	// Nobody can be asked to wait for a writer that never ends; the pool's own
	// Close cuts it off.
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTimeout)
	defer cancel()
	if err := w.queue.enter(ctx); err != nil {
		return err
	}
	defer w.queue.leave()
	w.closed = true
	if w.session == nil {
		return nil
	}
	return w.disconnect()
}
