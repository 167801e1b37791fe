package protocol

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Overrides win over discovery, because a service provider's description of
// itself is often wrong or missing. The zero value overrides nothing.
type Overrides struct {
	// Patch, Filter, Bulk, ETag, CursorPaging and Delete say whether the service
	// provider supports it. Delete is nowhere described (RFC 7643 section 5), so
	// that AsDiscovered means Yes.
	Patch, Filter, Bulk, ETag, CursorPaging, Delete Setting
	// MaxPageSize is the most resources asked for in a page; 0 as discovered.
	MaxPageSize int
	// UsersEndpoint and GroupsEndpoint are paths below the URL, such as "/People";
	// empty as discovered. Naming one says that there is one.
	UsersEndpoint, GroupsEndpoint string
	// Groups says whether there are groups at all.
	Groups Setting
	// MaxPatchMembers is the most members added or removed by one PATCH;
	// default 100, which is what several providers allow.
	MaxPatchMembers int
	// RemoveMembers is the form in which members are removed; empty to begin
	// with [RemoveByPath] and learn from the answers.
	RemoveMembers RemoveForm
	// BulkMaxOperations and BulkMaxPayload bound a bulk request; 0 as discovered.
	BulkMaxOperations int
	BulkMaxPayload    int64
	// BulkMinOperations is how many changes wait for a request that may begin before
	// they are sent in bulk; default 2, so that what is alone is a request of its
	// own. 1 is for tests of what goes wrong in bulk.
	BulkMinOperations int
}

// Setting is a choice that can be left open.
type Setting int8

const (
	// AsDiscovered leaves the choice to discovery.
	AsDiscovered Setting = iota
	// Yes is yes, whatever is discovered.
	Yes
	// No is no, whatever is discovered.
	No
)

// or returns what is chosen, or the fallback.
func (s Setting) or(fallback bool) bool {
	if s == AsDiscovered {
		return fallback
	}
	return s == Yes
}

// RemoveForm is how a PATCH names members to remove.
type RemoveForm string

const (
	// RemoveByPath is the form of RFC 7644 section 3.5.2.2: an operation for
	// each member with the path members[value eq "id"].
	RemoveByPath RemoveForm = "ByPath"
	// RemoveByValue is the form that Entra ID sends and some providers
	// understand only: the path members with the members as the value. A
	// provider that follows the RFC to the letter ignores the value and removes
	// everybody (apache/directory-scimple#436, MicrosoftDocs/azure-docs#30826),
	// so that this form is never used unguarded unless it is configured.
	RemoveByValue RemoveForm = "ByValue"
)

// check refuses overrides that make no sense.
func (o Overrides) check() error {
	if o.MaxPageSize < 0 || o.MaxPatchMembers < 0 || o.BulkMaxOperations < 0 || o.BulkMaxPayload < 0 || o.BulkMinOperations < 0 {
		return errors.New("no limit may be negative")
	}
	if o.RemoveMembers != "" && o.RemoveMembers != RemoveByPath && o.RemoveMembers != RemoveByValue {
		return fmt.Errorf("there is no form %q of removing members", o.RemoveMembers)
	}
	for _, endpoint := range []string{o.UsersEndpoint, o.GroupsEndpoint} {
		if endpoint != "" && cleanEndpoint(endpoint) == "" {
			return fmt.Errorf("the endpoint %q is not a path such as /Users", endpoint)
		}
	}
	return nil
}

// cleanEndpoint returns the path with a slash at its beginning and none at its
// end; empty when it is not a plain path.
func cleanEndpoint(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || hasDots(u.Path) {
		return ""
	}
	trimmed := strings.Trim(u.EscapedPath(), "/")
	if trimmed == "" {
		return ""
	}
	return "/" + trimmed
}
