package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// A read that ends in the middle leaves its connection fit for the next one,
// however it ends, and as often as there are connections and more.
func TestReadsLeaveConnectionsFit(t *testing.T) {
	db := databasetest.SQLite(t)
	ctx := t.Context()
	count := func() error {
		return db.Read(ctx, func(ctx context.Context, tx database.Tx) error {
			var n int64
			return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM audit").Scan(&n)
		})
	}
	errMine := errors.New("mine")
	for name, broken := range map[string]func() error{
		"an error of its own": func() error {
			return db.Read(ctx, func(context.Context, database.Tx) error { return errMine })
		},
		"a statement that does not compile": func() error {
			return db.Read(ctx, func(ctx context.Context, tx database.Tx) error {
				var n int64
				return tx.QueryRowContext(ctx, "SELECT nothing FROM nowhere").Scan(&n)
			})
		},
		"a caller who gives up": func() error {
			ctx, cancel := context.WithCancel(ctx)
			return db.Read(ctx, func(ctx context.Context, tx database.Tx) error {
				cancel()
				var n int64
				return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM audit").Scan(&n)
			})
		},
		"a write": func() error {
			return db.Read(ctx, func(ctx context.Context, tx database.Tx) error {
				_, err := tx.ExecContext(ctx, "DELETE FROM audit")
				return err
			})
		},
		"a panic": func() error {
			caught := make(chan error, 1)
			func() {
				defer func() {
					if recover() != nil {
						caught <- errMine
					}
				}()
				caught <- db.Read(ctx, func(context.Context, database.Tx) error { panic("mine") })
			}()
			return <-caught
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 40 {
				if err := broken(); err == nil {
					t.Fatal("it succeeds")
				}
				if err := count(); err != nil {
					t.Fatalf("the read after it: %v", err)
				}
			}
		})
	}
}

// After Close a read fails at once: it does not wait for a connection.
func TestReadAfterClose(t *testing.T) {
	db, err := database.Open(t.Context(), database.Options{URL: databasetest.SQLiteURL(t)})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err = db.Read(ctx, func(context.Context, database.Tx) error { return nil })
	if err == nil || ctx.Err() != nil || directory.KindOf(err) == "" {
		t.Errorf("a read after Close: %v", err)
	}
}
