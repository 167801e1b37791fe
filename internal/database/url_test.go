package database_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	const secret = "hunter2"
	for reason, test := range map[string]struct{ url, want string }{
		"empty":                      {"", "sqlite:///absolute/path/of/file.db or postgres://"},
		"another database":           {"mysql://root:hunter2@db/rollcall", "this one is neither"},
		"a path without scheme":      {"/var/lib/rollcall.db", "this one is neither"},
		"SQLite, two slashes":        {"sqlite://var/lib/rollcall.db", "three slashes"},
		"SQLite, no slash":           {"sqlite:rollcall.db", "three slashes"},
		"SQLite, a folder":           {"sqlite:///var/lib/", "names a file"},
		"SQLite, with parameters":    {"sqlite:///a.db?_pragma=synchronous(OFF)", "nothing after it"},
		"SQLite, a NUL":              {"sqlite:///a%00.db", "three slashes"},
		"password with a slash":      {"postgres://u:hunter2/x@db/rollcall", "percent-encoded"},
		"password with a space":      {"postgres://u:hunter2 x@db/rollcall", "percent-encoded"},
		"password with a percent":    {"postgres://u:hunter2%zz@db/rollcall", "percent-encoded"},
		"port that is none":          {"postgres://u:hunter2@db:port/rollcall", "percent-encoded"},
		"port out of range":          {"postgres://u:hunter2@db:99999/rollcall", "invalid port"},
		"unknown sslmode":            {"postgres://u:hunter2@db/rollcall?sslmode=maybe", "sslmode"},
		"the password in a query":    {"postgres://db/rollcall?password=hunter2&sslmode=maybe", "sslmode"},
		"the password is the mode":   {"postgres://u:hunter2@db/rollcall?sslmode=hunter2", "percent-encoded"},
		"key and value, not a URL":   {"host=db password=hunter2", "this one is neither"},
		"postgres without its colon": {"postgres//u:hunter2@db/x", "this one is neither"},
	} {
		t.Run(reason, func(t *testing.T) {
			_, err := database.Open(context.Background(), database.Options{URL: test.url})
			if !directory.IsKind(err, directory.KindInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v (%s); want one of kind Invalid with %q", err, directory.KindOf(err), test.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestPromise_ThePasswordIsInNoErrorOfAServerThatIsNotThere(t *testing.T) {
	url := "postgres://rollcall:hunter2@/rollcall?host=" + filepath.Join(t.TempDir(), "nowhere")
	db, err := database.Open(context.Background(), database.Options{URL: url})
	if err != nil {
		t.Fatalf("a server that does not answer yet is no reason not to open: %v", err)
	}
	defer func() { _ = db.Close() }()
	nothing := func(context.Context, database.Tx) error { return nil }
	for doing, err := range map[string]error{
		"ping":    db.Ping(context.Background()),
		"migrate": db.Migrate(context.Background()),
		"write":   db.Write(context.Background(), nothing),
		"read":    db.Read(context.Background(), nothing),
	} {
		if !directory.IsKind(err, directory.KindUnavailable) {
			t.Errorf("%s: error %v (%s); want kind Unavailable", doing, err, directory.KindOf(err))
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the password is in the error: %v", doing, err)
		}
	}
}
