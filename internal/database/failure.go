package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// verdict is what a driver's error means to us.
type verdict struct {
	kind directory.Kind
	// again is true when the transaction had no effect and may have one when it
	// is repeated at once.
	again bool
	// unique is true when a unique index refused a row.
	unique bool
}

// IsUniqueViolation reports whether err says that a unique index refused a row.
// On PostgreSQL the transaction is spoiled then.
func IsUniqueViolation(err error) bool { return judge(err).unique }

func judge(err error) verdict {
	var commit *commitError
	var server *pgconn.PgError
	var file *sqlite.Error
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &commit):
		return judgeCommit(commit)
	case errors.As(err, &server):
		return judgePostgres(server.Code)
	case errors.As(err, &file):
		return judgeSQLite(file.Code())
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.As(err, &connect):
		return verdict{kind: directory.KindUnavailable}
	case lostConnection(err), errors.Is(err, errBroken):
		return verdict{kind: directory.KindUnavailable, again: true}
	case errors.Is(err, errClosed):
		return verdict{kind: directory.KindUnavailable}
	default:
		return verdict{kind: directory.KindInternal}
	}
}

// judgeCommit repeats only what the server says it rolled back. Other codes are
// no proof: a session that is terminated while it waits for a synchronous
// standby answers 57P01 although it has committed (PostgreSQL's
// SyncRepWaitForLSN). An SQLite file that was busy is rolled back by us.
func judgeCommit(commit *commitError) verdict {
	var server *pgconn.PgError
	var file *sqlite.Error
	v := verdict{kind: directory.KindUnavailable}
	switch {
	case errors.As(commit.err, &server):
		v.again = server.Code == "40001" || server.Code == "40P01"
	case errors.As(commit.err, &file):
		v = judgeSQLite(file.Code())
	}
	return v
}

// judgePostgres knows the codes of appendix A of PostgreSQL's documentation.
// 40003, which a distributed server answers to a commit whose outcome it does
// not know, is not repeated.
func judgePostgres(code string) verdict {
	switch code {
	case "40001", "40P01":
		return verdict{kind: directory.KindUnavailable, again: true}
	case "57P01", "57P02": // administrator or crash ended the connection
		return verdict{kind: directory.KindUnavailable, again: true}
	case "23505":
		return verdict{kind: directory.KindInternal, unique: true}
	case "25006", "3D000", "55P03", "40003": // a standby; no such database (yet); a lock held too long
		return verdict{kind: directory.KindUnavailable}
	case "42501":
		return verdict{kind: directory.KindDenied}
	}
	switch code[:min(2, len(code))] {
	case "28": // invalid authorization
		return verdict{kind: directory.KindDenied}
	case "08", "53", "57", "58": // connection, resources, operator, system
		return verdict{kind: directory.KindUnavailable}
	}
	return verdict{kind: directory.KindInternal}
}

// judgeSQLite looks at the primary result code, the low byte of an extended one.
func judgeSQLite(code int) verdict {
	if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return verdict{kind: directory.KindInternal, unique: true}
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return verdict{kind: directory.KindUnavailable, again: true}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return verdict{kind: directory.KindUnavailable}
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return verdict{kind: directory.KindDenied}
	}
	return verdict{kind: directory.KindInternal}
}

func lostConnection(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone)
}

// translate gives an error the kind that fits, unless it has one already.
func translate(err error) error {
	var known *directory.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	v := judge(err)
	if v.kind != directory.KindUnavailable && v.kind != directory.KindDenied {
		return err
	}
	return &directory.Error{Kind: v.kind, Op: "use the database", Err: &steadyError{text: steady(err), cause: err}}
}

// steadyError prints the same text each time the same thing happens, because it
// may reach a status, where a text that changes is a write.
type steadyError struct {
	text  string
	cause error
}

func (e *steadyError) Error() string { return e.text }

func (e *steadyError) Unwrap() error { return e.cause }

// steady leaves out the ephemeral ports and the list of addresses that network
// errors carry.
func steady(err error) string {
	var commit *commitError
	var server *pgconn.PgError
	var network *net.OpError
	switch {
	case errors.As(err, &server):
		return strings.ToLower(server.Severity) + ": " + server.Message + " (SQLSTATE " + server.Code + ")"
	case errors.As(err, &commit):
		return "the connection was lost during a commit, whose outcome is not known"
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &network):
		return network.Op + ": " + network.Err.Error()
	case lostConnection(err):
		return "the connection was lost"
	default:
		return err.Error()
	}
}
