package ledger_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/ledger"
)

// What was found out about a system is kept for as long as its declaration stays
// what it is, and each system's by itself.
func TestBY11_FindingsAreKeptOfOneDeclaration(t *testing.T) {
	eachDatabase(t, func(w *world) {
		first, second := ledger.Edition{Of: "a", Generation: 1}, ledger.Edition{Of: "a", Generation: 2}
		wantFindings := func(reason, system string, edition ledger.Edition, want string) {
			w.t.Helper()
			got, err := w.FindingsOf(system, edition).Recall(w.t.Context())
			if err != nil || got != want {
				w.t.Errorf("%s: %q, %v; want %q", reason, got, err, want)
			}
		}
		wantFindings("nothing is kept", "team/acme", first, "")
		w.must(w.FindingsOf("team/acme", first).Keep(w.t.Context(), "first"))
		w.must(w.FindingsOf("team/other", first).Keep(w.t.Context(), "other's"))
		w.must(w.FindingsOf("team/acme", first).Keep(w.t.Context(), "second"))
		wantFindings("the last counts", "team/acme", first, "second")
		wantFindings("an edit forgets", "team/acme", second, "")
		w.must(w.FindingsOf("team/acme", second).Keep(w.t.Context(), "third"))
		wantFindings("after the edit", "team/acme", second, "third")
		wantFindings("what was before the edit", "team/acme", first, "")
		wantFindings("another system's", "team/other", first, "other's")
		for reason, text := range map[string]string{"too long": strings.Repeat("x", 17<<10), "NUL": "a\x00", "no text": "\xff"} {
			wantKind(w.t, reason, w.FindingsOf("team/acme", second).Keep(w.t.Context(), text), directory.KindInvalid)
		}
		wantFindings("after refusals", "team/acme", second, "third")
	})
}

// A connection of before an edit may end what it does after it: what it finds
// takes nothing from those of after.
func TestBY11_FindingsOfAnOlderEditionReplaceNone(t *testing.T) {
	declared := start.Truncate(time.Second)
	edited := ledger.Edition{Since: declared, Of: "b uid/4", Generation: 2}
	for reason, test := range map[string]struct {
		other    ledger.Edition
		replaces bool
	}{
		"before":              {other: ledger.Edition{Since: declared, Of: edited.Of, Generation: 1}},
		"a tenth":             {other: ledger.Edition{Since: declared, Of: edited.Of, Generation: 10}, replaces: true},
		"others before":       {other: ledger.Edition{Since: declared.Add(-time.Second), Of: "c", Generation: 7}},
		"anew":                {other: ledger.Edition{Since: declared.Add(time.Second), Of: "a", Generation: 1}, replaces: true},
		"anew within seconds": {other: ledger.Edition{Since: declared, Of: "a", Generation: 1}, replaces: true},
	} {
		t.Run(reason, func(t *testing.T) {
			eachDatabase(t, func(w *world) {
				mine, others := w.FindingsOf("team/acme", edited), w.FindingsOf("team/acme", test.other)
				for _, text := range []string{"others'", "others', from a call that was under way"} {
					w.must(others.Keep(w.t.Context(), text))
					w.must(mine.Keep(w.t.Context(), "mine"))
				}
				w.must(others.Keep(w.t.Context(), "others', later"))
				got, err := mine.Recall(w.t.Context())
				w.must(err)
				if replaced := got != "mine"; replaced != test.replaces {
					w.t.Errorf("of the edition %q is kept", got)
				}
			})
		})
	}
}
