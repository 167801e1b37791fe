package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
)

// Severity says what a finding means.
type Severity string

const (
	// SeverityError: the API server refuses it, or a controller never does it.
	SeverityError Severity = "error"
	// SeverityWarning: it may be what is meant.
	SeverityWarning Severity = "warning"
)

// Finding is one thing that is wrong.
type Finding struct {
	manifest.Problem

	Severity Severity `json:"severity"`
	// Object is kind and name, such as User/ada; empty when it could not be read.
	Object string `json:"object,omitempty"`
}

// String is one line, as compilers write it.
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	what := string(f.Severity)
	if f.Object != "" {
		what += ": " + f.Object
	}
	return where + ": " + what + ": " + f.Message
}

// Errors counts the findings that are errors.
func Errors(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if f.Severity == SeverityError {
			n++
		}
	}
	return n
}

func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Message, b.Message))
	})
}
