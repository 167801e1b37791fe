package main

import (
	"fmt"
	"strings"
)

// The row stands between these two lines of the document, as a table of its own: a comment would end any other.
const (
	begin = "<!-- codesize: begin -->"
	end   = "<!-- codesize: end -->"
)

const header = `| | file median / p95 / max | function median / p95 / max | functions over 50 lines |
|---|---|---|---|
`

// placeRow returns the document with a table of the one row between the markers.
func placeRow(document, row string) (string, error) {
	before, rest, found := strings.Cut(document, begin)
	if !found {
		return "", fmt.Errorf("no place for the row: add the lines %q and %q", begin, end)
	}
	_, after, found := strings.Cut(rest, end)
	if !found {
		return "", fmt.Errorf("%q is not closed: add the line %q after it", begin, end)
	}
	return before + begin + "\n" + header + row + "\n" + end + after, nil
}
