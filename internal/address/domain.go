package address

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxLabel is the most octets of one label of a domain (RFC 1035 §2.3.4).
const maxLabel = 63

// errInternational leaves out what x/net/idna says: it repeats labels of any
// length, in words that help nobody.
var errInternational = errors.New("the domain is not a valid internationalized name; check its spelling, and write it in lower case")

// normalizer brings a lower-cased domain to NFC U-labels; what is allowed in it
// is decided by [idna.Registration] and [checkRunes] afterwards.
func normalizer() *idna.Profile { return idna.New(idna.ValidateLabels(true)) }

// asciiDomain returns the canonical form of a domain. The rules are those for
// registering a name (RFC 5891 §4), not the lenient ones for looking one up: a
// declaration is written once and should be written right.
func asciiDomain(s string) (string, error) {
	if err := checkShape(s); err != nil {
		return "", err
	}
	ascii := strings.ToLower(s)
	if !isASCII(s) || strings.HasPrefix(ascii, "xn--") || strings.Contains(ascii, ".xn--") {
		u, err := uDomain(s)
		if err != nil {
			return "", err
		}
		if ascii, err = idna.Registration.ToASCII(u); err != nil {
			return "", errInternational
		}
	}
	return ascii, checkLabels(ascii)
}

// checkShape names the mistakes that need no look at single labels.
func checkShape(s string) error {
	switch {
	case s == "":
		return errors.New("there is nothing after the @; write an address such as ada@example.com")
	case s[0] == '[':
		return errors.New("an address literal is not supported; write a domain name after the @, such as example.com")
	case strings.HasSuffix(s, "."):
		return errors.New("the domain ends with a dot; remove it")
	case s[0] == '.', strings.Contains(s, ".."):
		return errors.New("the domain has an empty label; write exactly one dot between two labels, such as example.com")
	case strings.ContainsFunc(s, unicode.IsSpace):
		return errors.New("there is white space in the domain; write one address, and separate several by commas or line breaks")
	case !strings.Contains(s, "."):
		return errors.New("the domain needs at least two labels, such as example.com")
	case len(s) > 4*MaxLength:
		// Longer than any U-label form that could still fit; not worth normalizing.
		return fmt.Errorf("an address may be %d octets long; write a shorter one", MaxLength)
	}
	return nil
}

// checkLabels applies the rules for host names (RFC 952, RFC 1123 §2.1) to a
// domain in ASCII.
func checkLabels(ascii string) error {
	labels := strings.Split(ascii, ".")
	for _, l := range labels {
		if l == "" {
			return errors.New("the domain has an empty label; write exactly one dot between two labels, such as example.com")
		}
		if len(l) > maxLabel {
			return fmt.Errorf("the domain has a label of %d octets; the most is %d", len(l), maxLabel)
		}
		if i := strings.IndexFunc(l, func(r rune) bool { return !isHostRune(r) }); i >= 0 {
			r, _ := utf8.DecodeRuneInString(l[i:])
			return fmt.Errorf("%q is not allowed in a domain; use letters, digits and hyphens", r)
		}
		if l[0] == '-' || l[len(l)-1] == '-' {
			return errors.New("a label of the domain begins or ends with a hyphen; remove it")
		}
		if len(l) >= 4 && l[2:4] == "--" && l[:2] != "xn" {
			return errors.New("a label of the domain has hyphens as its third and fourth characters, which is reserved; check its spelling")
		}
	}
	if top := labels[len(labels)-1]; strings.Trim(top, "0123456789") == "" {
		return errors.New("the domain ends in a number; write a domain name after the @, such as example.com")
	}
	return nil
}

func isHostRune(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-'
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// uDomain returns the domain in lower case, NFC and U-labels, made of
// characters that IDNA 2008 allows.
func uDomain(s string) (string, error) {
	lower, err := lowerDomain(s)
	if err != nil {
		return "", err
	}
	u, err := normalizer().ToUnicode(lower)
	if err != nil {
		return "", errInternational
	}
	for label := range strings.SplitSeq(u, ".") {
		if err := checkRunes([]rune(label)); err != nil {
			return "", err
		}
	}
	return u, nil
}

// lowerDomain refuses letters outside ASCII whose lower case is an ASCII
// letter (U+0130 İ, U+212A K): folding them would name another domain than the
// one that was written.
func lowerDomain(s string) (string, error) {
	for _, r := range s {
		if r >= utf8.RuneSelf && unicode.ToLower(r) < utf8.RuneSelf {
			return "", fmt.Errorf("%q is not allowed in a domain; write it in lower case", r)
		}
	}
	return strings.ToLower(s), nil
}

// displayDomain turns A-labels into U-labels; one that cannot be is left.
func displayDomain(ascii string) string {
	u, err := idna.Registration.ToUnicode(ascii)
	if err != nil {
		return ascii
	}
	return u
}
