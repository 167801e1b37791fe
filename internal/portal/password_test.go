package portal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPromise_PasswordPolicy(t *testing.T) {
	context := contextWords("Northwind Clinic", "Ada Lovelace", "ada.lovelace@northwind.example")
	const good, short, long, pattern, personal, common, control = "", "at least 15", "at most 128", "neighbours", "that others know", "Many people", "typed everywhere"
	cases := map[string]struct{ password, problem, reason string }{
		"four words":            {"violet tractor hums noon", good, "what the page advises"},
		"three words":           {"tuesday morning coffee", good, "three can be enough"},
		"letters only":          {"xkwqbvmzrtplhgc", good, "no composition rules"},
		"15 characters":         {"xkwqbvm zrtplhg", good, "the least there is"},
		"14 characters":         {"xkwqbvm zrtplh", short, "one short"},
		"128 characters":        {strings.Repeat("violet tractor hums at noon and ", 4), good, "the most there is"},
		"129 characters":        {strings.Repeat("violet tractor hums at noon and ", 4) + "!", long, "one too many"},
		"empty":                 {"", "Choose a password", "required"},
		"spaces count":          {"plum oats wig q", good, "a space is a character"},
		"15 astral characters":  {"🦊🐙🦉🐝🐌🐞🦀🐬🦔🐧🦄🐢🐳🦋🐴", good, "counted in code points, not bytes"},
		"5 astral characters":   {"🦊🐙🦉🐝🐌", short, "not in bytes either"},
		"cyrillic":              {"лиловый трактор гудит", good, "any script"},
		"han":                   {"紫色的拖拉机中午在田里嗡嗡响个不停", good, "any script"},
		"one character":         {strings.Repeat("a", 20), pattern, "a repetition"},
		"two in turn":           {strings.Repeat("ab", 10), pattern, "a repetition"},
		"word three times":      {"tulip!tulip!tulip!", pattern, "a repetition"},
		"case is no difference": {"AbcDefAbcDefabcdef", pattern, "a repetition in other case"},
		"alphabet":              {"abcdefghijklmnopqrs", pattern, "neighbours"},
		"digits":                {"12345678901234567890", pattern, "a repetition of neighbours"},
		"backwards":             {"zyxwvutsrqponmlk", pattern, "neighbours"},
		"long runs":             {"aaaaaabbbbbbcccccc", pattern, "runs"},
		"cyrillic repetition":   {strings.Repeat("привет", 3), pattern, "a repetition in any script"},
		"password twice":        {"passwordpassword", common, "eight is not less than eight, but everybody knows it"},
		"leaked":                {"letmeinletmein12", common, "in every list"},
		"l33t":                  {"P@ssw0rd12345678", common, "in every list, dressed up"},
		"keyboard":              {"qwertyuiopasdfghjkl", common, "two rows of keys"},
		"known phrase":          {"correct horse battery staple", common, "the most famous of them"},
		"known phrase, number":  {"ToBeOrNotToBe2026!", common, "a number does not help"},
		"organization":          {"Northwind Clinic 26", personal, "anybody would try it"},
		"own name":              {"lovelace.ada.1815!", personal, "anybody would try it"},
		"address":               {"ada.lovelace@northwind", personal, "anybody would try it"},
		"product":               {"rollcall-rollcall!!", personal, "anybody would try it"},
		"accents do not help":   {"Nörthwïnd Clínic 26", personal, "folded"},
		"context and more":      {"northwind violet tractor hums", good, "enough is left without it"},
		"control character":     {"violet tractor\thums noon", control, "a tab can not be typed"},
		"not text":              {"violet tractor \xff hums noon", control, "not UTF-8"},
	}
	for name, c := range cases {
		got := passwordProblem(normalizePassword(c.password), context)
		if (got == "") != (c.problem == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%s: %q gives %q, want %q (%s)", name, c.password, got, c.problem, c.reason)
		}
		if c.password != "" && strings.Contains(got, c.password) {
			t.Errorf("%s: the message repeats the password", name)
		}
	}
}

func TestPromise_PasswordsAreNormalized(t *testing.T) {
	cases := map[string]struct{ a, b, reason string }{
		"composed":   {"caf\u00e9", "cafe\u0301", "macOS decomposes"},
		"full width": {"ＡＢＣ　１２", "ABC 12", "an input method was on"},
		"ligature":   {"\ufb01sh", "fish", "a font was clever"},
		"no-break":   {"a\u00a0b", "a b", "option-space on a Mac"},
	}
	for name, c := range cases {
		if normalizePassword(c.a) != normalizePassword(c.b) {
			t.Errorf("%s: %q and %q are not the same (%s)", name, c.a, c.b, c.reason)
		}
	}
	if got := normalizePassword("  Spaces and CASE stay "); got != "  Spaces and CASE stay " {
		t.Errorf("normalized to %q", got)
	}
}

func TestStrengthOfTheLongestPasswordIsEstimatedInBoundedTime(t *testing.T) {
	// Every character may be l33t, which makes zxcvbn try every substitution.
	worst := strings.Repeat("4@8({[<3691!|17$50+%2", 7)[:passwordMax]
	allocations := testing.AllocsPerRun(1, func() { guesses(worst, nil) })
	prefix := testing.AllocsPerRun(1, func() { guesses(worst[:estimateMax], nil) })
	if allocations > prefix*1.1 {
		t.Errorf("%.0f allocations for %d characters, %.0f for %d: the rest is looked at", allocations, passwordMax, prefix, estimateMax)
	}
}

func FuzzPasswordProblem(f *testing.F) {
	for _, seed := range []string{"", "violet tractor hums", "aaaaaaaaaaaaaaa", "\xff", "приветприветнебо", "我我我我我我我我我我我我我我我", "P@ssw0rd12345678", "e\u0301\u0301\u0301\u0301\u0301"} {
		f.Add(seed)
	}
	context := contextWords("Northwind Clinic", "Ada", adaMail)
	f.Fuzz(func(t *testing.T, typed string) {
		password := normalizePassword(typed)
		if normalizePassword(password) != password {
			t.Errorf("%q is not stable under normalization", typed)
		}
		problem := passwordProblem(password, context)
		if n := utf8.RuneCountInString(password); problem == "" && (n < passwordMin || n > passwordMax || !utf8.ValidString(password)) {
			t.Errorf("%q passed with %d characters", password, n)
		}
	})
}
