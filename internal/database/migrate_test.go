package database_test

import (
	"context"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
)

func TestManyProcessesMigrateAtOnce(t *testing.T) {
	for dialect, fresh := range map[database.Dialect]func(testing.TB) string{
		database.SQLite: databasetest.SQLiteURL, database.PostgreSQL: databasetest.PostgreSQLURL,
	} {
		t.Run(string(dialect), func(t *testing.T) {
			url := fresh(t)
			var done sync.WaitGroup
			var last *database.DB
			for range 6 {
				db := databasetest.Open(t, url)
				last = db
				done.Go(func() {
					for range 2 {
						if err := db.Migrate(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			done.Wait()
			if last.Dialect() != dialect {
				t.Errorf("the dialect is %s", last.Dialect())
			}
			var applied, distinct, heads int
			err := last.Read(t.Context(), func(ctx context.Context, tx database.Tx) error {
				err := tx.QueryRowContext(ctx, "SELECT COUNT(*), COUNT(DISTINCT version_id) FROM goose_db_version").Scan(&applied, &distinct)
				if err != nil {
					return err
				}
				return tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM change_head").Scan(&heads)
			})
			if err != nil || applied < 2 || applied != distinct || heads != 1 {
				t.Errorf("%d migrations, %d distinct, %d heads, %v; want each once", applied, distinct, heads, err)
			}
		})
	}
}
