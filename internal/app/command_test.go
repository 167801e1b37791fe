package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bad flags get one line that says what, where, and what to write instead, and
// no process that half runs.
func TestRun_BadFlags(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short.key")
	if err := os.WriteFile(short, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "link.key")
	if err := os.WriteFile(key, []byte("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), 0o600); err != nil {
		t.Fatal(err)
	}
	database := "--database-url=sqlite://" + filepath.Join(t.TempDir(), "r.db")
	for name, test := range map[string]struct {
		args []string
		says []string
	}{
		"no such command":   {[]string{"serve"}, []string{"serve"}},
		"no such flag":      {[]string{"manager", "--nope"}, []string{"--nope"}},
		"log level":         {[]string{"manager", "--log-level=loud"}, []string{"--log-level", "loud", "debug, info, warn or error"}},
		"log format":        {[]string{"portal", "--log-format=xml"}, []string{"--log-format", "xml", "json or text"}},
		"no key":            {[]string{"manager"}, []string{"--link-key-file", "openssl rand"}},
		"missing key file":  {[]string{"manager", "--link-key-file=/nowhere/key"}, []string{"--link-key-file", "/nowhere/key"}},
		"short key":         {[]string{"manager", "--link-key-file=" + short}, []string{"--link-key-file", "32"}},
		"no mail server":    {[]string{"manager", "--link-key-file=" + key}, []string{"--smtp-url"}},
		"wrong mail server": {[]string{"manager", "--link-key-file=" + key, "--smtp-url=imap://h"}, []string{"--smtp-url", "smtp"}},
		"no database":       {[]string{"portal", "--database-url="}, []string{"--database-url", "sqlite:///"}},
		"wrong database":    {[]string{"portal", "--database-url=mysql://h/d"}, []string{"sqlite", "postgres"}},
		"no portal URL":     {[]string{"portal", database}, []string{"--portal-url"}},
		"wrong proxies": {
			[]string{"portal", database, "--portal-url=http://localhost:1", "--trusted-proxies=proxy"},
			[]string{"--trusted-proxies", "proxy", "10.0.0.0/8"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err bytes.Buffer
			if code := Run(t.Context(), test.args, &out, &err); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			for _, part := range test.says {
				if !strings.Contains(err.String(), part) {
					t.Errorf("stderr does not say %q:\n%s", part, err.String())
				}
			}
			if lines := strings.Count(strings.TrimSpace(err.String()), "\n") + 1; lines != 1 {
				t.Errorf("%d lines, want one:\n%s", lines, err.String())
			}
			if strings.Contains(err.String(), "secret") {
				t.Error("the error tells the key")
			}
		})
	}
}

func TestRun_Help(t *testing.T) {
	for _, command := range []string{"manager", "portal"} {
		var out, err bytes.Buffer
		if code := Run(t.Context(), []string{command, "--help"}, &out, &err); code != 0 {
			t.Fatalf("%s --help: exit code %d: %s", command, code, err.String())
		}
		if !strings.Contains(out.String(), "--database-url") || !strings.Contains(out.String(), "--portal-url") {
			t.Errorf("%s --help does not list its flags:\n%s", command, out.String())
		}
	}
}
