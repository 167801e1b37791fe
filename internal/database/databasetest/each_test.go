package databasetest

import (
	"context"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
)

func TestEach(t *testing.T) {
	Each(t, func(t *testing.T, db *database.DB) {
		second := Second(t, db)
		ctx := context.Background()
		err := db.Write(ctx, func(ctx context.Context, tx database.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE change_head SET value = value + $1 WHERE id = $2", 5, 1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got int64
		err = second.Read(ctx, func(ctx context.Context, tx database.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT value FROM change_head WHERE id = $1", 1).Scan(&got)
		})
		if err != nil || got != 5 {
			t.Errorf("another connection reads %d, %v; want 5", got, err)
		}
	})
}

// What one test writes is not in the database of the next, and both are as a
// migration leaves them.
func TestEveryDatabaseIsFreshAndMigrated(t *testing.T) {
	for name, fresh := range map[string]func(testing.TB) *database.DB{"SQLite": SQLite, "PostgreSQL": PostgreSQL} {
		t.Run(name, func(t *testing.T) {
			first, second := fresh(t), fresh(t)
			ctx := t.Context()
			for _, db := range []*database.DB{first, second} {
				if err := db.Migrate(ctx); err != nil {
					t.Fatalf("migrate once more: %v", err)
				}
			}
			err := first.Write(ctx, func(ctx context.Context, tx database.Tx) error {
				_, err := tx.ExecContext(ctx, "UPDATE change_head SET value = value + $1 WHERE id = $2", 5, 1)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for which, db := range []*database.DB{second, fresh(t)} {
				var got int64
				err := db.Read(ctx, func(ctx context.Context, tx database.Tx) error {
					return tx.QueryRowContext(ctx, "SELECT value FROM change_head WHERE id = $1", 1).Scan(&got)
				})
				if err != nil || got != 0 {
					t.Errorf("database %d has %d of another, %v", which, got, err)
				}
			}
		})
	}
}
