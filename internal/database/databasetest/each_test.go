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
