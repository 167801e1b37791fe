package address

import (
	"fmt"
	"unicode"
)

// The profiles of golang.org/x/net/idna follow UTS 46, which lets symbols,
// punctuation and emoji through that IDNA 2008 disallows (the status "NV8":
// "bar.com×" passes idna.Registration). This file adds the rules of RFC 5892
// that are missing there.

// checkRunes applies RFC 5892 §3 to one U-label in lower case and NFC.
func checkRunes(label []rune) error {
	for i, r := range label {
		if !isProtocolValid(r) && !validInContext(label, i) {
			return fmt.Errorf("%q is not allowed in a domain; use letters, digits and hyphens", r)
		}
	}
	return nil
}

// isProtocolValid is PVALID: LetterDigits (§2.1) without what is not stable
// under case folding (§2.2), with the exceptions of §2.6. Joiners are checked
// by x/net/idna (Appendix A.1 and A.2).
func isProtocolValid(r rune) bool {
	switch r {
	case '-', '\u06fd', '\u06fe', '\u0f0b', '\u3007', '\u200c', '\u200d':
		return true
	case '\u0640', '\u07fa', '\u302e', '\u302f', '\u303b':
		return false
	}
	if '\u3031' <= r && r <= '\u3035' {
		return false
	}
	return unicode.In(r, unicode.Ll, unicode.Lo, unicode.Lm, unicode.Mn, unicode.Mc, unicode.Nd)
}

// validInContext is CONTEXTO: Appendix A.3 to A.7. The Bidi rule that
// idna.Registration applies contains A.8 and A.9, which keep the two sets of
// Arabic digits apart.
func validInContext(label []rune, i int) bool {
	before, after := runeAt(label, i-1), runeAt(label, i+1)
	switch label[i] {
	case '\u00b7':
		return before == 'l' && after == 'l'
	case '\u0375':
		return unicode.Is(unicode.Greek, after)
	case '\u05f3', '\u05f4':
		return unicode.Is(unicode.Hebrew, before)
	case '\u30fb':
		for _, r := range label {
			if unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) {
				return true
			}
		}
	}
	return false
}

func runeAt(label []rune, i int) rune {
	if i < 0 || i >= len(label) {
		return 0
	}
	return label[i]
}
