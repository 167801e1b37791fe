// Package database opens Rollcall's database, brings its tables up to date and
// runs transactions on it. The database is SQLite or PostgreSQL (or any server
// that speaks its protocol); the same SQL runs on both.
//
// # What it promises
//
//   - A [DB.Write] that returned nil survives the end of the process and of the
//     machine's power: SQLite commits with synchronous=FULL, PostgreSQL as its
//     operator configured it.
//   - A Write is all or nothing, and is repeated a bounded number of times when
//     the database asks for that (serialization failures, deadlocks, a busy
//     file, a connection lost before the commit was sent). It is never repeated
//     when the commit may have taken effect; then it fails with
//     directory.KindUnavailable, and whoever called looks again.
//   - A [DB.Read] sees one moment of the database, and writes nothing.
//   - Trouble with the connection is directory.KindUnavailable, refused
//     credentials are directory.KindDenied. A server that comes back is used
//     again without a restart.
//   - The password in the URL reaches no error and no log.
//
// # What it does not promise
//
// On PostgreSQL a Write runs at READ COMMITTED, where two transactions may read
// the same row and then both write: SERIALIZABLE makes innocent neighbours on
// one index page fail, and bulk work with them. So whoever decides by what was
// read puts the decision into the statement that writes (UPDATE ... WHERE state
// = 'Pending' RETURNING ..., INSERT ... ON CONFLICT DO NOTHING RETURNING ...) or
// locks a row first by updating it. SQLite runs writes one after another, and a
// distributed server usually at SERIALIZABLE; both are stricter.
//
// # Rules for SQL that runs on both
//
//   - placeholders are $1, $2, ...;
//   - ids are TEXT; times are BIGINT, microseconds since 1970 (see [Micros]);
//     flags are SMALLINT 0 or 1; JSON is TEXT;
//   - no function that only one of them has, no FOR UPDATE, no SKIP LOCKED;
//     ON CONFLICT, RETURNING and partial unique indexes exist in both;
//   - a failed statement spoils the transaction on PostgreSQL: use ON CONFLICT
//     rather than catching a unique violation;
//   - rows are closed before the next statement of the same transaction.
package database
