package portal

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"
	"golang.org/x/text/unicode/norm"
)

// The policy follows NIST SP 800-63B for a password that stands alone: at least
// 15 characters, a generous maximum, any character, no composition rules, no
// hints; and refused when it is commonly used, expected in this context, or a
// trivial pattern.
const (
	// passwordMin and passwordMax are counted in Unicode code points of the
	// normalized password.
	passwordMin = 15
	passwordMax = 128
	// guessesMin is how many guesses a password must withstand, as zxcvbn
	// estimates them: its best score of four. Fewer can be tried in hours by
	// somebody who stole the hashes, argon2id or not.
	guessesMin = 1e10
	// essenceMin is how many characters must be left of a password when what
	// anybody could guess is taken away: a pattern's continuation, or words of
	// the context. It is the least that SP 800-63B asks of any password.
	essenceMin = 8
	// estimateMax is how many characters zxcvbn gets to see. Its time grows
	// with a power of the length: 128 characters that could be l33t cost it
	// nearly a second, 48 a few hundredths. Seeing less, it can only
	// underestimate.
	estimateMax = 48
)

// normalizePassword makes the same password of what different keyboards,
// systems and input methods send for the same keys: NFKC, which SP 800-63B
// names for it, so that a composed é is a decomposed one and a full-width A an
// A. Nothing is trimmed or cut.
func normalizePassword(typed string) string { return norm.NFKC.String(typed) }

// passwordProblem tells in whole sentences what to do instead, or "" when the
// password will do. It gets the password normalized, and the context as
// [contextWords] makes it.
func passwordProblem(password string, context []string) string {
	length := utf8.RuneCountInString(password)
	switch {
	case password == "":
		return "Choose a password."
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return "The password contains a character that can not be typed everywhere. Use letters, digits, spaces and signs."
	case length < passwordMin:
		return fmt.Sprintf("Use at least %d characters; this one has %d. Four unrelated words are long and easy to remember.", passwordMin, length)
	case length > passwordMax:
		return fmt.Sprintf("Use at most %d characters; this one has %d.", passwordMax, length)
	case isPattern(password):
		return "This is a short piece repeated, or a row of neighbours. Use several unrelated words instead."
	case essence(password, context) < essenceMin:
		return "This is little more than a name or an address that others know. Use words that have nothing to do with you or the organization."
	case isWellKnown(password) || guesses(password, context) < guessesMin:
		return "Many people use a password like this, so it would be guessed early. Use several unrelated words, or let a password manager make one."
	}
	return ""
}

// isPattern tells whether a password of any script is a repetition of few
// characters, or mostly runs of one character or of neighbours such as abcd.
func isPattern(password string) bool {
	runes := []rune(strings.ToLower(password))
	if p := period(runes); p < essenceMin && p*2 <= len(runes) {
		return true
	}
	fresh := 1
	var last rune
	for i := 1; i < len(runes); i++ {
		step := runes[i] - runes[i-1]
		if step < -1 || step > 1 || step != last {
			fresh++
		}
		last = step
	}
	return fresh < essenceMin
}

// period is the least p for which every character equals the one p before it.
func period(runes []rune) int {
	for p := 1; p < len(runes); p++ {
		if slices.Equal(runes[p:], runes[:len(runes)-p]) {
			return p
		}
	}
	return len(runes)
}

// essence counts the characters that are left without the words of the context.
// Spaces and the signs of an English keyboard, which people put between words,
// do not count.
func essence(password string, context []string) int {
	rest := fold(password)
	for _, word := range context {
		rest = strings.ReplaceAll(rest, word, " ")
	}
	count := 0
	for _, r := range rest {
		if r >= utf8.RuneSelf || unicode.IsLetter(r) || unicode.IsDigit(r) {
			count++
		}
	}
	return count
}

// guesses estimates how many tries somebody needs who knows the context and
// what people like to use. zxcvbn knows ASCII only and misjudges repetitions
// of anything else, so it gets the ASCII part without accents; each different
// other character counts like one that it has no clue about, tenfold.
func guesses(password string, context []string) float64 {
	var ascii strings.Builder
	others := map[rune]bool{}
	for i, r := range []rune(stripMarks(password)) {
		if i >= estimateMax {
			break
		}
		if r < utf8.RuneSelf {
			ascii.WriteRune(r)
		} else {
			others[unicode.ToLower(r)] = true
		}
	}
	total := math.Pow10(len(others))
	if ascii.Len() > 0 {
		total *= zxcvbn.PasswordStrength(ascii.String(), context).Guesses
	}
	return total
}

// contextWords are what a password of this person should not be made of: the
// product's name and all words of the names and addresses given, also
// written together, folded, longest first.
func contextWords(names ...string) []string {
	words := []string{"rollcall"}
	for _, name := range names {
		parts := strings.FieldsFunc(fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		words = append(words, parts...)
		words = append(words, strings.Join(parts, ""))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < 3 })
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(words)
}

// fold makes texts comparable: lower case, without accents.
func fold(s string) string { return strings.ToLower(stripMarks(s)) }

func stripMarks(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
}

// isWellKnown tells whether a password is one of the long phrases that every
// list of leaked passwords has and that zxcvbn, whose words are short, does not
// know, with or without spaces, signs and a number at the end.
func isWellKnown(password string) bool {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, fold(password))
	return slices.Contains(wellKnownPhrases(), letters)
}

func wellKnownPhrases() []string {
	return []string{
		"allyourbasearebelongtous",
		"changemechangeme",
		"correcthorsebatterystaple",
		"donttellanyone",
		"fourscoreandsevenyearsago",
		"ihaveadream",
		"ilovemyfamily",
		"iloveyousomuch",
		"inthebeginning",
		"itwasthebestoftimes",
		"jesuslovesyou",
		"letmeinplease",
		"livelongandprosper",
		"loremipsumdolorsitamet",
		"maytheforcebewithyou",
		"mypasswordissecure",
		"mysecretpassword",
		"onceuponatime",
		"thecatinthehat",
		"thequickbrownfox",
		"thequickbrownfoxjumpsoverthelazydog",
		"thisismypassword",
		"thisisapassword",
		"thisisasecret",
		"tobeornottobe",
		"tobeornottobethatisthequestion",
		"winteriscoming",
		"youshallnotpass",
	}
}
