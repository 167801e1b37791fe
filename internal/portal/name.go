package portal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nameMax is how many Unicode code points a person's name may have.
const nameMax = 128

// cleanName drops surrounding spaces and composes accents, and leaves the rest
// as the person wrote it.
func cleanName(typed string) string {
	return strings.Trim(norm.NFC.String(typed), " \u00a0\u3000")
}

// nameProblem tells in whole sentences what to write instead, or "" when the
// name, as [cleanName] returns it, will do. People are called what they are
// called: nothing is asked but that the name can be seen, fits on one line of a
// mail's header, and can not turn around the text that it stands in.
func nameProblem(name string) string {
	switch {
	case name == "":
		return "Enter your name."
	case !utf8.ValidString(name) || strings.ContainsFunc(name, breaksLine):
		return "Write your name on one line, without tabs, line breaks or invisible control characters."
	case utf8.RuneCountInString(name) > nameMax:
		return fmt.Sprintf("Use at most %d characters for your name; this one has %d.", nameMax, utf8.RuneCountInString(name))
	case !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }):
		return "Enter your name with at least one letter."
	}
	return ""
}

// breaksLine tells whether a character ends a line, controls a terminal, or
// embeds or overrides the direction of text (UAX 9). Joiners and direction
// marks stay: Persian, Hindi and Hebrew names are written with them.
func breaksLine(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == utf8.RuneError
}
