package portal

import (
	"strings"
	"testing"
)

func TestPromise_NamesThatCouldReachAHeaderAreRefused(t *testing.T) {
	const good, missing, oneLine, long, letter = "", "Enter your name.", "on one line", "at most 128", "at least one letter"
	cases := map[string]struct{ name, problem, reason string }{
		"plain":          {"Ada Lovelace", good, "as usual"},
		"one letter":     {"O", good, "there are such names"},
		"apostrophe":     {"Conan O'Brien-Ó Súilleabháin", good, "there are such names"},
		"comma":          {"King, Ada, MD (BCBA)", good, "credentials"},
		"arabic":         {"عائشة", good, "any script"},
		"joiners":        {"علی\u200cرضا", good, "Persian names are written with a zero-width non-joiner"},
		"digits":         {"X Æ A-12", good, "there are such names"},
		"128 characters": {strings.Repeat("é", 128), good, "counted in code points"},
		"129 characters": {strings.Repeat("é", 129), long, "one too many"},
		"empty":          {"", missing, "required"},
		"spaces":         {" \u00a0\u3000 ", missing, "nothing to be seen"},
		"line feed":      {"Ada\nBcc: x@example.org", oneLine, "header injection"},
		"return":         {"Ada\rX", oneLine, "header injection"},
		"trailing feed":  {"Ada\n", oneLine, "said, not silently dropped"},
		"tab":            {"Ada\tLovelace", oneLine, "a control character"},
		"null":           {"Ada\x00", oneLine, "a control character"},
		"escape":         {"\x1b[31mAda", oneLine, "controls a terminal"},
		"C1":             {"Ada\u0085X", oneLine, "next line"},
		"separator":      {"Ada\u2028X", oneLine, "line separator"},
		"override":       {"Ada \u202eexe.txt", oneLine, "turns the text around"},
		"isolate":        {"Ada \u2066X", oneLine, "opens what nobody closes"},
		"not text":       {"Ada \xff", oneLine, "not UTF-8"},
		"signs":          {"!!!", letter, "nothing to call somebody by"},
		"invisible":      {"\u200b\u200b", letter, "nothing to be seen"},
	}
	for name, c := range cases {
		got := nameProblem(cleanName(c.name))
		if (got == "") != (c.problem == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%s: %q gives %q, want %q (%s)", name, c.name, got, c.problem, c.reason)
		}
	}
	if got := cleanName("  Zoe\u0308 \u00a0"); got != "Zo\u00eb" {
		t.Errorf("cleaned to %q", got)
	}
}
