package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"k8s.io/utils/clock"
)

// fileLockPause is how often a held lock is asked for again.
const fileLockPause = 20 * time.Millisecond

// fileLock keeps processes that share an SQLite file from migrating it at once.
// It locks a file of its own, because a lock on the database file would meet
// SQLite's, and the kernel releases it with the process, however that ends.
// The file stays: removing it would let two processes lock two files.
type fileLock struct {
	path  string
	clock clock.Clock
	file  *os.File
}

// Lock implements goose's lock.Locker.
func (l *fileLock) Lock(ctx context.Context, _ *sql.DB) error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the migration lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			l.file = f
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return errors.Join(fmt.Errorf("take the migration lock: %w", err), f.Close())
		}
		if err := l.wait(ctx); err != nil {
			return errors.Join(fmt.Errorf("wait for another process's migration: %w", err), f.Close())
		}
	}
}

func (l *fileLock) wait(ctx context.Context) error {
	timer := l.clock.NewTimer(fileLockPause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}

// Unlock implements goose's lock.Locker.
func (l *fileLock) Unlock(context.Context, *sql.DB) error {
	f := l.file
	l.file = nil
	return f.Close()
}
