package ledger_test

import (
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// What was found out about a system is kept for as long as its declaration stays
// what it is, and each system's by itself.
func TestBY11_FindingsAreKeptOfOneDeclaration(t *testing.T) {
	eachDatabase(t, func(w *world) {
		wantFindings := func(reason, system, edition, want string) {
			w.t.Helper()
			got, err := w.FindingsOf(system, edition).Recall(w.t.Context())
			if err != nil || got != want {
				w.t.Errorf("%s: %q, %v; want %q", reason, got, err, want)
			}
		}
		wantFindings("nothing is kept", "team/acme", "1", "")
		w.must(w.FindingsOf("team/acme", "1").Keep(w.t.Context(), "first"))
		w.must(w.FindingsOf("team/other", "1").Keep(w.t.Context(), "other's"))
		w.must(w.FindingsOf("team/acme", "1").Keep(w.t.Context(), "second"))
		wantFindings("the last counts", "team/acme", "1", "second")
		wantFindings("an edit forgets", "team/acme", "2", "")
		w.must(w.FindingsOf("team/acme", "2").Keep(w.t.Context(), "third"))
		wantFindings("after the edit", "team/acme", "2", "third")
		wantFindings("what was before the edit", "team/acme", "1", "")
		wantFindings("another system's", "team/other", "1", "other's")
		for reason, text := range map[string]string{"too long": strings.Repeat("x", 17<<10), "NUL": "a\x00", "no text": "\xff"} {
			wantKind(w.t, reason, w.FindingsOf("team/acme", "2").Keep(w.t.Context(), text), directory.KindInvalid)
		}
		wantFindings("after refusals", "team/acme", "2", "third")
	})
}
