// Package databasetest runs a test on every database that Rollcall supports:
// [Each] on a fresh SQLite file and on a fresh PostgreSQL database, both migrated.
//
// PostgreSQL is the server that TEST_POSTGRES_URL names, whose user must be
// allowed to create databases; else one that is started from the programs
// initdb and postgres, found on PATH or below /usr/lib/postgresql. There is one
// server for a test binary, started when the first test asks for it. It listens
// on a Unix socket only, and ends when the test binary does, however that ends:
// its supervisor reads a pipe that the kernel then closes. So no TestMain is
// needed. When there is no PostgreSQL, its subtests are skipped, and fail if
// REQUIRE_POSTGRES is 1.
//
// Migrating is done once for a test binary, and copied; [Migrated] does it anew, as
// the tests of a server that TEST_POSTGRES_URL names do, on which nothing is left.
//
// [NewServer] starts a server for one test alone, which can be stopped and
// started again; [Second] opens a database once more, as another process would.
//
// The server does not wait for the disk (fsync=off), so nothing that is tested
// with it says anything about lost power.
package databasetest
