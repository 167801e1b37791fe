package rails_test

import (
	"regexp"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/rails"
)

var speakable = regexp.MustCompile(`^[a-z2-7]{12}$`)

// A word is for exactly what was seen: it has another as soon as anything differs.
func TestBY4_AnApprovalIsForWhatWasSeen(t *testing.T) {
	words := map[string]string{}
	for what, word := range map[string]string{
		"two":                 rails.Name([]string{"a", "b"}),
		"one more":            rails.Name([]string{"a", "b", "c"}),
		"one less":            rails.Name([]string{"a"}),
		"another":             rails.Name([]string{"a", "c"}),
		"one of the two text": rails.Name([]string{"ab"}),
		"nothing":             rails.Name(nil),
		"a removal":           rails.Token("uid", "LastAdministrator", 1),
		"another generation":  rails.Token("uid", "LastAdministrator", 2),
		"another reason":      rails.Token("uid", "ProtectedMember", 1),
		"another object":      rails.Token("uid2", "LastAdministrator", 1),
	} {
		if other, taken := words[word]; taken || !speakable.MatchString(word) {
			t.Errorf("%s is called %q, as %q; want a word of its own", what, word, other)
		}
		words[word] = what
	}
	if a, b := rails.Name([]string{"a", "b"}), rails.Name([]string{"b", "a"}); a != b {
		t.Errorf("%q and %q, want one word in any order", a, b)
	}
	if a, b := rails.Name([]string{"a"}), rails.Name([]string{"a"}); a != b {
		t.Errorf("%q and %q, want the same at every look", a, b)
	}
}

func FuzzName(f *testing.F) {
	f.Add("a", "b")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !speakable.MatchString(rails.Name([]string{a, b})) {
			t.Errorf("%q and %q make no word", a, b)
		}
		if rails.Name([]string{a, b}) != rails.Name([]string{b, a}) || rails.Name([]string{a, b}) == rails.Name([]string{a + b}) {
			t.Errorf("%q and %q are named %s", a, b, rails.Name([]string{a, b}))
		}
	})
}
