package database

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Dialect is which kind of database is behind a [DB].
type Dialect string

const (
	// SQLite is a file, used by one machine.
	SQLite Dialect = "SQLite"
	// PostgreSQL is a server that speaks PostgreSQL's protocol.
	PostgreSQL Dialect = "PostgreSQL"
)

const (
	// memoryURL asks for a file that lasts as long as the DB.
	memoryURL = "sqlite://:memory:"
	// connectTimeout bounds one connection attempt, so that a server behind a
	// silent firewall is noticed before the caller gives up; connect_timeout in
	// the URL overrides it.
	connectTimeout = 5 * time.Second
)

var (
	errForms = errors.New("a database URL is sqlite:///absolute/path/of/file.db or " +
		"postgres://user:password@host:5432/name, and this one is neither")
	errSQLiteForm = errors.New("an SQLite URL is sqlite:///absolute/path/of/file.db: three slashes, " +
		"an absolute path that names a file, and nothing after it")
	errPostgresForm = errors.New("this postgres:// URL cannot be parsed: write " +
		"postgres://user:password@host:5432/name, with special characters in user and password percent-encoded")
)

// target is a parsed URL; one of its two parts is set.
type target struct {
	dialect  Dialect
	sqlite   sqliteTarget
	postgres *pgx.ConnConfig
}

type sqliteTarget struct {
	path string
	// temporary files get a path when they are opened.
	temporary bool
}

// parseURL never puts the URL, or a cause that quotes it, into its error: what
// is malformed may well be the password.
func parseURL(raw string) (target, error) {
	const op = "read the database URL"
	scheme, _, _ := strings.Cut(raw, ":")
	switch scheme {
	case "sqlite":
		t, err := parseSQLite(raw)
		if err != nil {
			return target{}, &directory.Error{Kind: directory.KindInvalid, Op: op, Err: err}
		}
		return target{dialect: SQLite, sqlite: t}, nil
	case "postgres", "postgresql":
		config, err := parsePostgres(raw)
		if err != nil {
			return target{}, &directory.Error{Kind: directory.KindInvalid, Op: op, Err: err}
		}
		return target{dialect: PostgreSQL, postgres: config}, nil
	default:
		return target{}, &directory.Error{Kind: directory.KindInvalid, Op: op, Err: errForms}
	}
}

func parseSQLite(raw string) (sqliteTarget, error) {
	if raw == memoryURL {
		return sqliteTarget{temporary: true}, nil
	}
	u, err := url.Parse(raw)
	if err != nil || !strings.HasPrefix(raw, "sqlite:///") || u.RawQuery != "" || u.Fragment != "" ||
		strings.HasSuffix(u.Path, "/") || strings.ContainsRune(u.Path, 0) {
		return sqliteTarget{}, errSQLiteForm
	}
	return sqliteTarget{path: path.Clean(u.Path)}, nil
}

func parsePostgres(raw string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return nil, errPostgresForm
	}
	config, err := pgx.ParseConfig(raw)
	if err != nil {
		return nil, errors.Join(errPostgresForm, withoutSecrets(err, u))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "rollcall"
	}
	return config, nil
}

// withoutSecrets returns the part of a parser's error that follows the quoted
// URL, or nil when even that might repeat the password.
func withoutSecrets(err error, u *url.URL) error {
	message := err.Error()
	if end := strings.LastIndex(message, "`: "); end >= 0 {
		message = message[end+len("`: "):]
	}
	secrets := append([]string{u.String()}, u.Query()["password"]...)
	if password, ok := u.User.Password(); ok {
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if secret != "" && (strings.Contains(message, secret) || strings.Contains(message, url.QueryEscape(secret))) {
			return nil
		}
	}
	return errors.New(message)
}
