package scim

import (
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// userKey is the externalId of a user: "<organization>/<address>", a pure
// function of what is declared, so that whoever lost everything else finds the
// same user again.
func userKey(org directory.OrganizationID, address string) string {
	return string(org) + "/" + address
}

// parseUserKey is the inverse of [userKey]; false for an externalId that another
// client gave.
func parseUserKey(key string) (directory.OrganizationID, string, bool) {
	org, rest, ok := cutOrganization(key)
	_, err := address.Canonical(rest)
	return org, rest, ok && err == nil
}

// groupKey says what a group of ours stands for: a unit, a role in the whole
// organization, or a role within a unit.
type groupKey struct {
	org        directory.OrganizationID
	role, unit string
}

// String is the externalId of the group: "<organization>/units/<unit>",
// "<organization>/roles/<role>" or "<organization>/roles/<role>/units/<unit>".
// Names are escaped, so that no two keys differ by what a slash means only.
func (k groupKey) String() string {
	text := string(k.org)
	if k.role != "" {
		text += "/roles/" + url.PathEscape(k.role)
	}
	if k.unit != "" {
		text += "/units/" + url.PathEscape(k.unit)
	}
	return text
}

// swept is what a sweep of all groups of one thing is, for [Backend.absent].
func (k groupKey) swept() string { return "groups of " + k.String() }

// grant reports whether the group holds a role within a unit.
func (k groupKey) grant() bool { return k.role != "" && k.unit != "" }

// parseGroupKey is the inverse of [groupKey.String]; false for a key that is not
// ours.
func parseGroupKey(text string) (groupKey, bool) {
	org, rest, ok := cutOrganization(text)
	if !ok {
		return groupKey{}, false
	}
	k := groupKey{org: org}
	parts := strings.Split(rest, "/")
	if len(parts)%2 != 0 || len(parts) > 4 {
		return groupKey{}, false
	}
	for i := 0; i < len(parts); i += 2 {
		name, err := url.PathUnescape(parts[i+1])
		if err != nil {
			return groupKey{}, false
		}
		switch parts[i] {
		case "roles":
			k.role = name
		case "units":
			k.unit = name
		}
	}
	// One key has one form: what does not come out again is somebody else's.
	return k, k.String() == text && (k.role != "" || k.unit != "")
}

// cutOrganization cuts off "<namespace>/<name>/".
func cutOrganization(text string) (directory.OrganizationID, string, bool) {
	namespace, rest, ok := strings.Cut(text, "/")
	name, rest, more := strings.Cut(rest, "/")
	if !ok || !more || namespace == "" || name == "" || rest == "" {
		return "", "", false
	}
	return directory.OrganizationID(namespace + "/" + name), rest, true
}
