package address

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxLocal is the most octets before the @ (RFC 5321 §4.5.3.1.1).
	MaxLocal = 64
	// MaxLength is the most octets of a whole address: 256 of a path (RFC 5321
	// §4.5.3.1.3) less its angle brackets.
	MaxLength = 254

	// quotedRunes bounds how much of a refused text an error repeats.
	quotedRunes = 64
)

// Address is a valid e-mail address in canonical form: lower-cased, its domain
// in NFC and IDNA A-labels. Addresses compare with ==. The zero Address is none.
type Address struct {
	local, domain string
}

// String returns the canonical form, "" for the zero Address.
func (a Address) String() string {
	if a == (Address{}) {
		return ""
	}
	return a.local + "@" + a.domain
}

// Local returns what stands before the @, in lower case.
func (a Address) Local() string { return a.local }

// Domain returns the domain in ASCII, internationalized labels as A-labels.
func (a Address) Domain() string { return a.domain }

// Display returns the address for people: the domain in its own script. It is
// for showing, not for comparing.
func (a Address) Display() string {
	if a == (Address{}) {
		return ""
	}
	return a.local + "@" + displayDomain(a.domain)
}

// Parse reads one bare address such as "ada@example.com"; white space around
// it is ignored. An error is one sentence that repeats a bounded part of s,
// quoted, and says what to write instead.
func Parse(s string) (Address, error) {
	text := trim(s)
	local, domain, err := split(text)
	if err != nil {
		return Address{}, refusal(text, err)
	}
	if err := checkLocal(local); err != nil {
		return Address{}, refusal(text, err)
	}
	ascii, err := asciiDomain(domain)
	if err != nil {
		return Address{}, refusal(text, err)
	}
	a := Address{local: strings.ToLower(local), domain: ascii}
	if n := len(a.local) + 1 + len(a.domain); n > MaxLength {
		return Address{}, refusal(text, fmt.Errorf("an address may be %d octets long, this one is %d; write a shorter one", MaxLength, n))
	}
	return a, nil
}

// Canonical returns the canonical form of one bare address. It is
// [Parse] followed by [Address.String].
func Canonical(s string) (string, error) {
	a, err := Parse(s)
	if err != nil {
		return "", err
	}
	return a.String(), nil
}

func refusal(text string, reason error) error {
	if text == "" {
		return reason
	}
	return fmt.Errorf("%s: %w", quote(text), reason)
}

// quote makes hostile text fit for a status: bounded, on one line, everything
// that does not print escaped.
func quote(s string) string {
	n := 0
	for i := range s {
		if n == quotedRunes {
			return fmt.Sprintf("%q…", s[:i])
		}
		n++
	}
	return fmt.Sprintf("%q", s)
}

func trim(s string) string { return strings.TrimFunc(s, isBlank) }

// isBlank is true for white space, and for the two invisible characters that
// spreadsheets and editors put around what one copies from them.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff'
}

// split finds the one @ and names the mistakes that make it ambiguous. It
// returns what stands before it and what stands after it.
func split(s string) (string, string, error) {
	at := strings.Count(s, "@")
	var err error
	switch {
	case s == "":
		err = errors.New("an address is missing; write one such as ada@example.com")
	case !utf8.ValidString(s):
		err = errors.New("this is not UTF-8 text; write the address again")
	case strings.ContainsAny(s, "<>"):
		err = errors.New("write the address alone, without a name or angle brackets")
	case strings.ContainsAny(s, "()"):
		err = errors.New("comments in parentheses are not supported; write the address alone")
	case strings.ContainsRune(s, '"'):
		err = errors.New("quotation marks are not supported in an address; write it without them")
	case at == 0:
		err = errors.New("there is no @; write an address such as ada@example.com")
	case at > 1:
		err = errors.New("there is more than one @; write one address, and separate several by commas or line breaks")
	}
	local, domain, _ := strings.Cut(s, "@")
	return local, domain, err
}

// checkLocal accepts a dot-atom of RFC 5322 §3.2.3.
func checkLocal(s string) error {
	if s == "" {
		return errors.New("there is nothing before the @; write an address such as ada@example.com")
	}
	for _, r := range s {
		if r != '.' && !isAtext(r) {
			return fmt.Errorf("%q is not allowed before the @; use ASCII letters, digits, dots and any of %s", r, atextMarks)
		}
	}
	if s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return errors.New("before the @ a dot must stand between two other characters; remove the dots at the ends and the doubled ones")
	}
	if len(s) > MaxLocal {
		return fmt.Errorf("there may be %d characters before the @, here are %d; write a shorter address", MaxLocal, len(s))
	}
	return nil
}

// atextMarks are the characters of atext (RFC 5322 §3.2.3) beside letters and digits.
const atextMarks = "!#$%&'*+-/=?^_`{|}~"

func isAtext(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	default:
		return strings.ContainsRune(atextMarks, r)
	}
}
