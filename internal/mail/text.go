package mail

import (
	"regexp"
	"strings"
	"unicode"
)

// Longest texts that a mail shows, in characters; what is longer is cut and
// ends with an ellipsis.
const (
	maxHeaderName   = 78
	maxName         = 120
	maxMessage      = 2000
	maxMessageLines = 40
	maxListed       = 12
)

// maxMarks is how many combining marks a character keeps; no script needs
// more, and a tower of them covers the lines around it.
const maxMarks = 5

const (
	zeroWidthSpace     = '\u200b'
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

// headerText makes a name fit for a header: one line, printable, no invisible
// characters at all.
//
// An "@" is spelled out, because many phones show the display name instead of
// the address, and a name that reads like an address would be taken for it.
// "://" goes, so that no program takes the subject for an address to open.
// "=?" is broken up, because a name that is itself an RFC 2047 encoded word
// would be decoded by the reader's program into what was removed here.
func headerText(name string) string {
	visible := strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, oneLine(name, maxHeaderName))
	visible = strings.ReplaceAll(visible, "@", " at ")
	visible = strings.ReplaceAll(visible, "://", ": ")
	visible = strings.ReplaceAll(visible, "=?", "= ?")
	return strings.Join(strings.Fields(visible), " ")
}

// oneLine makes text from outside one line of at most limit characters:
// control characters and line ends become spaces, runs of spaces one, and
// invisible characters go, except the two joiners that Persian, Indic scripts
// and emoji are written with.
func oneLine(text string, limit int) string {
	var b strings.Builder
	kept, marks, gap := 0, 0, false
	for _, r := range text {
		if marks++; !unicode.Is(unicode.M, r) {
			marks = 0
		}
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			gap = kept > 0
			continue
		case marks > maxMarks, isInvisible(r) && r != zeroWidthJoiner && r != zeroWidthNonJoiner:
			continue
		case gap:
			b.WriteByte(' ')
			kept++
		}
		gap = false
		b.WriteRune(r)
		if kept++; kept > limit {
			break
		}
	}
	return shorten(b.String(), limit)
}

// isInvisible reports characters that show nothing themselves but change how
// their neighbours look: bidirectional controls, zero-width characters, soft
// hyphens, tags and fillers.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}

// lines makes the lines of a personal message presentable one by one, and
// bounds their number and length.
func lines(text string) []string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n\n").Replace(text)
	rest := maxMessage
	var kept []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line = oneLine(line, rest)
		rest -= len([]rune(line))
		if line == "" && (len(kept) == 0 || kept[len(kept)-1] == "") {
			continue
		}
		if kept = append(kept, line); rest <= 0 || len(kept) == maxMessageLines {
			break
		}
	}
	for len(kept) > 0 && kept[len(kept)-1] == "" {
		kept = kept[:len(kept)-1]
	}
	return kept
}

func shorten(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return strings.TrimSpace(string(runes[:max(0, limit-1)])) + "…"
}

// linkLike finds the places at which mail programs recognise addresses in
// running text: after a scheme, and the dots and at-signs inside a word.
var linkLike = regexp.MustCompile(`(:)(//)|([\pL\pN_-])([.@．。｡])([\pL\pN])`)

// inert keeps mail programs from making links of addresses in names and
// messages, so that the invitation's is the only link of the mail. The text
// looks the same: a zero-width space is put where the program would recognise
// an address.
func inert(text string) string {
	const mark = "$1$3$4" + string(zeroWidthSpace) + "$2$5"
	// Twice, because in "a.b.c" the matches overlap in "b".
	return linkLike.ReplaceAllString(linkLike.ReplaceAllString(text, mark), mark)
}

// isolated keeps the reading direction of a name from reaching the text around
// it (Unicode Standard Annex 9, rule X5c). The name must have no directional
// controls of its own. Text without letters that read from right to left, all
// of which come after U+0590, is left alone, because old programs show the
// isolates as boxes.
func isolated(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x590 }) {
		return text
	}
	return firstStrongIsolate + text + popIsolate
}
