package address

import (
	"errors"
	"strings"
	"unicode"
)

// Entry is one item of a pasted list.
type Entry struct {
	// Line is where the item begins, counted from 1.
	Line int
	// Text is the item as written, trimmed. It is as long as its author made it.
	Text string
	// Name is the display name before <address>, without quotation marks and
	// with single spaces; empty when there is none, or when it only repeats
	// the address.
	Name string
	// Address is the address; the zero Address when Err is set.
	Address Address
	// Err says why the item is refused, in one bounded sentence for a user.
	Err error
}

// ParseList reads a list in which commas, semicolons and line breaks separate
// items, each a bare address or `Name <address>`. A name that holds a separator
// stands in quotation marks on one line: `"Lovelace, Ada" <ada@example.com>`.
// Blank items are skipped; an item that is wrong is an [Entry] with Err and
// spoils no other. It takes time linear in the length of text.
func ParseList(text string) []Entry {
	entries := make([]Entry, 0, strings.Count(text, "@"))
	line := 0
	for text != "" {
		var rest string
		text, rest = cutLine(text)
		line++
		for text != "" {
			end := itemEnd(text)
			if item := trim(text[:end]); item != "" {
				e := ParseEntry(item)
				e.Line = line
				entries = append(entries, e)
			}
			text = text[min(end+1, len(text)):]
		}
		text = rest
	}
	return entries
}

// ParseEntry reads one item: a bare address, or `Name <address>`. Its Line is 1.
func ParseEntry(text string) Entry {
	e := Entry{Line: 1, Text: trim(text)}
	name, bare, err := splitName(e.Text)
	if err != nil {
		e.Err = refusal(e.Text, err)
		return e
	}
	if e.Address, e.Err = Parse(bare); e.Err != nil {
		return e
	}
	if !repeats(name, e.Address) {
		e.Name = name
	}
	return e
}

// cutLine cuts at the first line break of any system, so that line numbers are
// those an editor shows. It returns what stands before it and what stands after it.
func cutLine(text string) (string, string) {
	i := strings.IndexAny(text, "\n\r\u0085\u2028\u2029")
	if i < 0 {
		return text, ""
	}
	line, rest := text[:i], text[i:]
	for _, brk := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if after, ok := strings.CutPrefix(rest, brk); ok {
			return line, after
		}
	}
	return line, rest
}

// itemEnd returns where the first item of a line ends. A quotation mark hides
// separators only where it opens the item and the closing one is followed by
// "<": a stray one, or the quoted fields of a CSV file, hide nothing.
func itemEnd(line string) int {
	start := len(line) - len(strings.TrimLeftFunc(line, isBlank))
	if _, end, ok := quoted(line[start:]); ok {
		if strings.HasPrefix(strings.TrimLeftFunc(line[start+end:], isBlank), "<") {
			start += end
		}
	}
	if i := strings.IndexAny(line[start:], ",;"); i >= 0 {
		return start + i
	}
	return len(line)
}

// quoted reads a quoted-string (RFC 5322 §3.2.4) at the beginning of s, if there
// is one, and returns what it says and where it ends.
func quoted(s string) (string, int, bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", 0, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i + 1, true
		case '\\':
			if i++; i == len(s) {
				return "", 0, false
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}

// splitName takes an item apart into a display name and a bare address.
func splitName(item string) (string, string, error) {
	if value, end, ok := quoted(item); ok && end == len(item) {
		// A quoted field of a CSV file.
		return "", value, nil
	}
	open := strings.LastIndexByte(item, '<')
	if open < 0 {
		return "", item, nil
	}
	bare, ok := strings.CutSuffix(item[open+1:], ">")
	if !ok {
		return "", "", errors.New("the address in angle brackets must come last and end with >; write it as in Ada Lovelace <ada@example.com>")
	}
	name := trim(item[:open])
	if value, end, ok := quoted(name); ok && end == len(name) {
		name = value
	} else if strings.ContainsAny(name, "<>") {
		return "", "", errors.New("there is more than one pair of angle brackets; write one address, and separate several by commas or line breaks")
	}
	name = strings.Join(strings.Fields(name), " ")
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", "", errors.New("the name contains a control character; write it again without")
	}
	return strings.ToValidUTF8(name, "\ufffd"), bare, nil
}

// repeats reports whether a name is nothing but the address once more, as mail
// programs write it for people they have no name of: 'ada@example.com' <ada@example.com>.
func repeats(name string, a Address) bool {
	same, err := Parse(strings.Trim(name, "'"))
	return err == nil && same == a
}
