package embedded

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// errOvertaken says that another transaction changed what ours had read: look
// again.
var errOvertaken = errors.New("changed by somebody else at the same time")

// maxRounds bounds how often it is looked again. In each round somebody else
// made progress, so it is reached only by a fault of ours.
const maxRounds = 50

func (b *Backend) read(ctx context.Context, op string, f func(context.Context, database.Tx) error) error {
	return inOp(op, b.db.Read(ctx, f))
}

// write runs f in a transaction, anew when it was overtaken: a row that it had
// read was changed, or one that it was about to refer to is gone.
func (b *Backend) write(ctx context.Context, op string, f func(context.Context, database.Tx) error) error {
	for range maxRounds {
		err := b.db.Write(ctx, f)
		if !errors.Is(err, errOvertaken) && !lostReference(err) {
			return inOp(op, err)
		}
	}
	return directory.Errorf(directory.KindConflict, op, "%w", errOvertaken)
}

// lostReference reports whether a foreign key refused a row. We look before we
// refer to something, so on PostgreSQL this means that it was removed between
// the two (SQLSTATE 23503); on SQLite, where writes come one after another, it
// does not happen.
func lostReference(err error) bool {
	var server interface{ SQLState() string }
	return errors.As(err, &server) && server.SQLState() == "23503"
}

// inOp says what was being done, and keeps the kind.
func inOp(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *directory.Error
	if errors.As(err, &known) && known.Op == op {
		return err
	}
	return &directory.Error{Kind: directory.KindOf(err), Op: op, RetryAfter: directory.RetryAfter(err), Err: err}
}

// missing is the error about a thing that does not exist.
func missing(format string, args ...any) error {
	return &directory.Error{Kind: directory.KindNotFound, Err: fmt.Errorf(format+" does not exist", args...)}
}

// exists runs a query that counts.
func exists(ctx context.Context, tx database.Tx, query string, args ...any) (bool, error) {
	var n int64
	err := tx.QueryRowContext(ctx, query, args...).Scan(&n)
	return n > 0, err
}

// needOrganization is KindNotFound when there is no such organization.
func needOrganization(ctx context.Context, tx database.Tx, id directory.OrganizationID) error {
	ok, err := exists(ctx, tx, "SELECT COUNT(*) FROM organizations WHERE id = $1", id)
	if err == nil && !ok {
		return missing("organization %q", id)
	}
	return err
}

// execute runs a statement and returns how many rows it changed.
func execute(ctx context.Context, tx database.Tx, query string, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// executeAll runs statements with the same arguments.
func executeAll(ctx context.Context, tx database.Tx, queries []string, args ...any) error {
	for _, query := range queries {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// collect scans all rows of a query.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, errors.Join(rows.Err(), rows.Close())
}

// placeholders returns "$from, ..." for n arguments.
func placeholders(from, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("$%d", from+i)
	}
	return strings.Join(list, ", ")
}

// randomID returns 16 random bytes in hex.
func randomID(source io.Reader) (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(source, id[:]); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return hex.EncodeToString(id[:]), nil
}

// storable is KindInvalid for text that the two databases would not store
// alike: PostgreSQL refuses NUL and what is not UTF-8, and SQLite takes both.
func storable(what string, texts ...string) error {
	for _, s := range texts {
		if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
			return &directory.Error{
				Kind: directory.KindInvalid,
				Err:  fmt.Errorf("%s holds a NUL character or is not UTF-8: write it again without", what),
			}
		}
	}
	return nil
}

// storableKey is [storable] for what must not be empty either.
func storableKey(what string, keys ...string) error {
	if slices.Contains(keys, "") {
		return &directory.Error{Kind: directory.KindInvalid, Err: fmt.Errorf("%s is empty", what)}
	}
	return storable(what, keys...)
}

// firstOf returns the first error that is one: a message is one sentence.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
