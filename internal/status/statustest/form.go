package statustest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxMessage is far more than two sentences need; a list of names that are
// waited for may take it up.
const maxMessage = 1100

// maxSentences is what a message has at most: what is so, and what to do.
const maxSentences = 2

// form are the rules about how conditions are written.
func (s state) form(v Vocabulary) []string {
	var broken []string
	seen := map[string]bool{}
	for _, c := range s.status.Conditions {
		if seen[c.Type] {
			broken = append(broken, c.Type+" is there twice")
		}
		seen[c.Type] = true
		for _, what := range append(shape(c), message(c.Message)...) {
			broken = append(broken, c.Type+": "+what)
		}
		if v != nil && !v[c.Reason] {
			broken = append(broken, fmt.Sprintf("%s: the reason %q is no constant of the API", c.Type, c.Reason))
		}
	}
	return broken
}

// camelCase is what metav1.Condition allows as a reason, less what only looks odd.
var camelCase = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

func shape(c metav1.Condition) []string {
	var broken []string
	switch c.Status {
	case metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown:
	default:
		broken = append(broken, fmt.Sprintf("the status is %q", c.Status))
	}
	if !camelCase.MatchString(c.Reason) {
		broken = append(broken, fmt.Sprintf("the reason %q is not in CamelCase", c.Reason))
	}
	if c.LastTransitionTime.IsZero() {
		broken = append(broken, "there is no lastTransitionTime")
	}
	return broken
}

var (
	// quotation is what somebody else wrote, as %q prints it.
	quotation = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	// uuid and hexadecimal are identifiers that differ from look to look.
	uuid        = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	hexadecimal = regexp.MustCompile(`(?i)\b[0-9a-f]*[0-9][0-9a-f]{14,}\b`)
	// clockTime is a date or a time of day in any of the forms that Go prints.
	clockTime = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b|\b\d{2}:\d{2}:\d{2}\b`)
	// measured is a duration that was measured, not declared: it has fractions.
	measured = regexp.MustCompile(`\b(?:\d+h)?(?:\d+m)?\d+\.\d+(?:ns|µs|ms|s)\b`)
	// link is the path of an acceptance page, with its token.
	link = regexp.MustCompile(`/i/[A-Za-z0-9_-]{20,}`)
	// sentenceEnd is a mark before a capital letter, or at the end.
	sentenceEnd = regexp.MustCompile(`[.!?](?:\s+\p{Lu}|$)`)
)

// message are the rules about a condition's text. What is quoted is somebody
// else's, and only has to be no secret.
func message(text string) []string {
	var broken []string
	say := func(wrong bool, what string) {
		if wrong {
			broken = append(broken, fmt.Sprintf("%s: %q", what, text))
		}
	}
	own := quotation.ReplaceAllString(text, "…")
	say(text == "", "the message is empty")
	say(utf8.RuneCountInString(text) > maxMessage, "the message is too long")
	say(strings.ContainsFunc(text, unicode.IsControl), "the message holds a line break or control character")
	say(link.MatchString(text), "the message holds a link")
	say(uuid.MatchString(own) || hexadecimal.MatchString(own), "the message holds an identifier")
	say(clockTime.MatchString(own) || measured.MatchString(own), "the message holds a time")
	say(text != "" && !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…"), "the message does not end with a period")
	say(strings.HasSuffix(own, ".."), "the message ends with two periods")
	say(len(sentenceEnd.FindAllString(own, -1)) > maxSentences, "the message has more than two sentences")
	return broken
}
