package database_test

import (
	"context"
	"errors"
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
			dbs := make([]*database.DB, 8)
			for i := range dbs {
				dbs[i] = databasetest.Open(t, url)
			}
			together(t, len(dbs), func(i int) error { return errors.Join(dbs[i].Migrate(t.Context()), dbs[i].Migrate(t.Context())) })
			last := dbs[0]
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
