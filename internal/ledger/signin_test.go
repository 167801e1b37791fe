package ledger_test

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/database/databasetest"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Every invitation leads to where the organization's people sign in now, however
// it is found.
func TestHE3_InvitationsLeadToTheSignInOfNow(t *testing.T) {
	eachDatabase(t, func(w *world) {
		before := w.invite(ada, 1)
		token := w.token(ada)
		for _, want := range []string{"", signIn, "https://other.example", ""} {
			w.apply(directory.Organization{ID: clinic, DisplayName: "Clinic", SignInURL: want})
			looked, err := w.Lookup(w.t.Context(), token)
			w.must(err)
			again := w.invite(ada, 1)
			w.later()
			fresh := w.invite(want+"@example.com", 1)
			of, err := w.SignInURL(w.t.Context(), clinic)
			w.must(err)
			for doing, got := range map[string]string{
				"looked up": looked.SignInURL, "observed": w.newest().SignInURL, "asked for again": again.SignInURL,
				"issued": fresh.SignInURL, "of the organization": of,
			} {
				if got != want {
					w.t.Errorf("%s: %q; want %q", doing, got, want)
				}
			}
		}
		if before.SignInURL != "" {
			w.t.Errorf("issued with %q", before.SignInURL)
		}
		if of, err := w.SignInURL(w.t.Context(), "team/other"); err != nil || of != "" {
			w.t.Errorf("an unknown organization signs in at %q, %v", of, err)
		}
	})
}

// Where people sign in is recorded, and recording what is there writes nothing.
func TestPromise_SignInIsQuiet(t *testing.T) {
	eachDatabase(t, func(w *world) {
		observer := databasetest.Second(w.t, w.db)
		w.elsewhere()
		before := w.fingerprint(observer)
		w.elsewhere()
		if w.fingerprint(observer) != before {
			w.t.Error("applied again, something was written")
		}
		w.policy("")
		if w.fingerprint(observer) == before {
			w.t.Error("a difference was not written")
		}
	})
}

// People type their password there: only a URL that leads to a server of its own
// over TLS, or to this machine, is recorded.
func TestPromise_SignInLeadsToAPageOnly(t *testing.T) {
	w := newWorld(t, databasetest.SQLite(t))
	for url, good := range map[string]bool{
		"https://login.example.com":                 true,
		"https://login.example.com:8443/a?b=c#d":    true,
		"HTTPS://login.example.com/":                true,
		"http://localhost:8080/login":               true,
		"http://127.0.0.1:8080":                     true,
		"http://[::1]:8080":                         true,
		"http://login.example.com":                  false,
		"http://localhost.example.com":              false,
		"http://0.0.0.0":                            false,
		"javascript:alert(1)":                       false,
		"javascript://localhost/%0aalert(1)":        false,
		"data:text/html,x":                          false,
		"//login.example.com":                       false,
		"/login":                                    false,
		"login.example.com":                         false,
		"https:login.example.com":                   false,
		"https:///login":                            false,
		"https://:443/":                             false,
		"https://me@login.example.com":              false,
		"https://bank.example@login.example.com":    false,
		"https://login.example.com\\@evil.example":  false,
		"https://login.example.com/ x":              false,
		"https://login.example.com/\n":              false,
		" https://login.example.com":                false,
		"https://login.example.com/" + long("a"):    false,
		"https://login.example.com/\xff":            false,
		"https://login.example.com/%zz":             false,
		"vbscript:msgbox":                           false,
		"ftp://login.example.com":                   false,
		"https://[::1":                              false,
		"ht\ttps://login.example.com":               false,
		"https://login.example.com/?next=//evil.ex": true,
	} {
		err := w.ApplyOrganization(t.Context(), directory.Organization{ID: clinic, DisplayName: "Clinic", SignInURL: url})
		want := directory.Kind("")
		if !good {
			want = directory.KindInvalid
		}
		wantKind(t, url, err, want)
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("the error repeats %q", url)
		}
		if got, err := w.SignInURL(t.Context(), clinic); err != nil || (got == url) != good {
			t.Errorf("recorded %q, %v", got, err)
		}
	}
}

func long(s string) string { return strings.Repeat(s, 1024) }
