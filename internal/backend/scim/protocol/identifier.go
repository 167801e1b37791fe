package protocol

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxID bounds identifiers, so that a path has a bound too.
const maxID = 1024

// escapeID returns the identifier as one segment of a path. Identifiers are
// opaque (RFC 7643 section 3.1) and have been seen with slashes, spaces and
// letters of any script. One that is empty, or that somebody between us and the
// service provider could resolve to another path, is refused.
func escapeID(op, id string) (string, error) {
	switch {
	case id == "":
		return "", directory.Errorf(directory.KindInvalid, op, "the identifier is empty")
	case len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
		return "", directory.Errorf(directory.KindInvalid, op, "the identifier is too long or contains control characters")
	case hasDots(id):
		return "", directory.Errorf(directory.KindInvalid, op, "the identifier contains a segment that is . or .. and would change the path")
	}
	return url.PathEscape(id), nil
}

// locatedID returns the identifier at the end of a location below the endpoint;
// empty when it is elsewhere. A location is never followed.
func locatedID(location, endpoint string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	_, escaped, ok := strings.Cut(u.EscapedPath(), endpoint+"/")
	if !ok || strings.Contains(escaped, "/") {
		return ""
	}
	id, err := url.PathUnescape(escaped)
	if err != nil {
		return ""
	}
	return id
}
