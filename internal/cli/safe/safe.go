package safe

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s with everything escaped that does not print, line breaks and
// tabs included: it stays on its line.
func Text(s string) string {
	return escape(s, prints)
}

// Lines returns s with everything escaped that does not print, except line
// feeds and tabs.
func Lines(s string) string {
	return escape(s, func(r rune) bool { return prints(r) || r == '\n' || r == '\t' })
}

func escape(s string, keep func(rune) bool) string {
	var out strings.Builder
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			fmt.Fprintf(&out, `\x%02x`, s[i])
			continue
		}
		if keep(r) {
			out.WriteRune(r)
			continue
		}
		out.WriteString(spelled(r))
	}
	return out.String()
}

func spelled(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

const (
	// The two joiners change how neighbors look in Persian, Hindi and emoji, and nothing else.
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

func prints(r rune) bool {
	return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) || r == joiner || r == nonJoiner
}

// JSON returns a JSON text with the same values in which everything that does
// not print is escaped as JSON does it.
func JSON(text []byte) []byte {
	var out strings.Builder
	for _, r := range string(text) {
		switch {
		case prints(r) || r == '\n' || r == '\t':
			out.WriteRune(r)
		case r > 0xffff:
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return []byte(out.String())
}

// Writer passes on what is written to it, as [Lines] has it.
type Writer struct {
	to io.Writer
	// rest is the beginning of a character whose end has not come yet.
	rest []byte
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Write implements [io.Writer]. A character that is cut in two by two writes
// passes as one.
func (w *Writer) Write(p []byte) (int, error) {
	text := slices.Concat(w.rest, p)
	whole := len(text)
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if start := len(text) - back; utf8.RuneStart(text[start]) {
			if !utf8.FullRune(text[start:]) {
				whole = start
			}
			break
		}
	}
	w.rest = slices.Clone(text[whole:])
	if _, err := io.WriteString(w.to, Lines(string(text[:whole]))); err != nil {
		return 0, err
	}
	return len(p), nil
}
