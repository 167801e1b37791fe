package database_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

var errTest = errors.New("a failure of the caller's")

// table makes a table to play with.
func table(t testing.TB, db *database.DB) {
	t.Helper()
	mustWrite(t, db, "CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT NOT NULL, filler TEXT NOT NULL DEFAULT '')")
}

func mustWrite(t testing.TB, db *database.DB, query string, args ...any) {
	t.Helper()
	if err := db.Write(t.Context(), statement(query, args...)); err != nil {
		t.Fatal(err)
	}
}

func statement(query string, args ...any) func(context.Context, database.Tx) error {
	return func(ctx context.Context, tx database.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}
}

func insert(name string) func(context.Context, database.Tx) error {
	return statement("INSERT INTO things (name, n) VALUES ($1, $2)", name, 1)
}

// names lists the things, as another connection sees them.
func names(t testing.TB, db *database.DB) []string {
	t.Helper()
	found := []string{}
	err := db.Read(context.Background(), func(ctx context.Context, tx database.Tx) error {
		found = found[:0]
		rows, err := tx.QueryContext(ctx, "SELECT name FROM things ORDER BY name")
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			found = append(found, name)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWriteIsAllOrNothing(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db)
		mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", "kept", 1)
		err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
			if err := insert("lost")(ctx, tx); err != nil {
				return err
			}
			return errTest
		})
		if !errors.Is(err, errTest) {
			t.Errorf("error %v; want the caller's", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
				_ = insert("panicked")(ctx, tx)
				panic("boom")
			})
		}()
		mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", "after", 1)
		if diff := cmp.Diff([]string{"after", "kept"}, names(t, databasetest.Second(t, db))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestErrorsKeepOrGetTheirKind(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db)
		mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", "one", 1)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		for reason, test := range map[string]struct {
			ctx    context.Context
			f      func(context.Context, database.Tx) error
			want   directory.Kind
			unique bool
		}{
			"the caller's own kind": {t.Context(), func(context.Context, database.Tx) error {
				return directory.Errorf(directory.KindExists, "do it", "no")
			}, directory.KindExists, false},
			"no kind":          {t.Context(), func(context.Context, database.Tx) error { return errTest }, directory.KindInternal, false},
			"bad SQL":          {t.Context(), statement("SELEKT 1"), directory.KindInternal, false},
			"unique violation": {t.Context(), insert("one"), directory.KindInternal, true},
			"a write within a write": {t.Context(), func(ctx context.Context, _ database.Tx) error {
				return db.Write(ctx, insert("inner"))
			}, directory.KindInternal, false},
			"canceled": {canceled, insert("two"), directory.KindUnavailable, false},
			"no such row": {t.Context(), func(ctx context.Context, tx database.Tx) error {
				var n int
				return tx.QueryRowContext(ctx, "SELECT n FROM things WHERE name = $1", "none").Scan(&n)
			}, directory.KindInternal, false},
		} {
			t.Run(reason, func(t *testing.T) {
				err := db.Write(test.ctx, test.f)
				if got := directory.KindOf(err); got != test.want {
					t.Errorf("%v is of kind %s; want %s", err, got, test.want)
				}
				if got := database.IsUniqueViolation(err); got != test.unique {
					t.Errorf("%v is a unique violation: %t; want %t", err, got, test.unique)
				}
			})
		}
	})
}

func TestReadCannotWriteAndSeesOneMoment(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db)
		if err := db.Read(t.Context(), insert("sneaked in")); err == nil {
			t.Error("a read wrote")
		}
		count := func(ctx context.Context, tx database.Tx) (int, error) {
			var n int
			err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM things").Scan(&n)
			return n, err
		}
		err := db.Read(t.Context(), func(ctx context.Context, tx database.Tx) error {
			before, err := count(ctx, tx)
			if err != nil {
				return err
			}
			mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", fmt.Sprint("meanwhile ", before), 1)
			after, err := count(ctx, tx)
			if before != after {
				t.Errorf("there were %d, and then %d", before, after)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestHooksRunAtTheEnd(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db)
		for reason, test := range map[string]struct {
			fails, hookFails bool
			want             []string
		}{
			"success":       {false, false, []string{"work", "before", "before, second", "before, added late", "after"}},
			"failure":       {true, false, []string{"work"}},
			"failing hook":  {false, true, []string{"work", "before"}},
			"both of these": {true, true, []string{"work"}},
		} {
			t.Run(reason, func(t *testing.T) {
				var got []string
				err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
					got = nil
					tx.AfterCommit(func() { got = append(got, "after") })
					tx.BeforeCommit(func(_ context.Context, tx database.Tx) error {
						got = append(got, "before")
						tx.BeforeCommit(func(context.Context, database.Tx) error {
							got = append(got, "before, added late")
							return nil
						})
						if test.hookFails {
							return errTest
						}
						return nil
					})
					tx.BeforeCommit(func(context.Context, database.Tx) error {
						got = append(got, "before, second")
						return nil
					})
					got = append(got, "work")
					if test.fails {
						return errTest
					}
					return nil
				})
				if wantErr := test.fails || test.hookFails; (err != nil) != wantErr {
					t.Errorf("error %v; want one: %t", err, wantErr)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	})
}

func TestConcurrentWritesOfTwoProcessesAllCount(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		const writers, each = 40, 10
		table(t, db)
		mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", "sum", 0)
		second := databasetest.Second(t, db)
		var done sync.WaitGroup
		for i := range writers {
			done.Go(func() {
				for j := range each {
					from := []*database.DB{db, second}[i%2]
					// Some give up, some fail, and take nobody with them.
					ctx, cancel := context.WithCancel(t.Context())
					err := from.Write(ctx, func(ctx context.Context, tx database.Tx) error {
						if err := statement("UPDATE things SET n = n + 1 WHERE name = $1", "sum")(ctx, tx); err != nil {
							return err
						}
						switch (i + j) % 5 {
						case 0:
							return errTest
						case 1:
							cancel()
						}
						return nil
					})
					cancel()
					if wantErr := (i+j)%5 < 2; (err != nil) != wantErr {
						t.Errorf("error %v; want one: %t", err, wantErr)
					}
				}
			})
		}
		done.Wait()
		var sum int
		err := second.Read(t.Context(), func(ctx context.Context, tx database.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT n FROM things WHERE name = $1", "sum").Scan(&sum)
		})
		if want := writers * each * 3 / 5; err != nil || sum != want {
			t.Errorf("the sum is %d, %v; want %d", sum, err, want)
		}
	})
}

// Two transactions that lock two rows in opposite orders deadlock on
// PostgreSQL, which ends one of them; that one is repeated.
func TestDeadlockedWritesAreRepeated(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, db *database.DB) {
		table(t, db)
		for _, name := range []string{"a", "b"} {
			mustWrite(t, db, "INSERT INTO things (name, n) VALUES ($1, $2)", name, 0)
		}
		var done sync.WaitGroup
		for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			for range 3 {
				done.Go(func() {
					err := db.Write(t.Context(), func(ctx context.Context, tx database.Tx) error {
						for _, name := range order {
							if err := statement("UPDATE things SET n = n + 1 WHERE name = $1", name)(ctx, tx); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
				})
			}
		}
		done.Wait()
		var low, high int
		err := db.Read(t.Context(), func(ctx context.Context, tx database.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT MIN(n), MAX(n) FROM things").Scan(&low, &high)
		})
		if err != nil || low != 6 || high != 6 {
			t.Errorf("the sums are %d to %d, %v; want 6", low, high, err)
		}
	})
}
