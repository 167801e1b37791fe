package protocol

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

const (
	// pageSizeAssumed is asked for when nothing is said about sizes.
	pageSizeAssumed = 100
	// pageSizeMost is asked for at most: larger pages are slow to make and to read.
	pageSizeMost = 500
	// patchMembersAssumed is how many members go into a PATCH: 100 is the limit
	// of several providers, among them AWS IAM Identity Center.
	patchMembersAssumed = 100
)

// readConfig reads a ServiceProviderConfig (RFC 7643 section 5). What it does not
// say is assumed so that a mistake shows in an answer and not in a loss: PATCH
// and filters are tried, bulk, versions and cursors are not.
func readConfig(f *Features, v Value) {
	f.Patch = supported(v.Get("patch"), true)
	f.Filter = supported(v.Get("filter"), true)
	f.ETag = supported(v.Get("etag"), false)
	f.Delete = true
	f.MaxResults = positive(v.Get("filter").Get("maxResults"))
	bulk := v.Get("bulk")
	f.Bulk = BulkFeature{
		Supported:     supported(bulk, false),
		MaxOperations: cmp.Or(positive(bulk.Get("maxOperations")), 100),
		MaxPayload:    int64(cmp.Or(positive(bulk.Get("maxPayloadSize")), 1<<20)),
	}
	readPagination(f, v.Get("pagination"))
	f.MaxPatchMembers = patchMembersAssumed
	f.RemoveMembers = RemoveByPath
}

// readPagination reads the attribute of RFC 9865 section 4.
func readPagination(f *Features, v Value) {
	f.Cursor, _ = v.Get("cursor").Bool()
	if most := positive(v.Get("maxPageSize")); most > 0 && (f.MaxResults == 0 || most < f.MaxResults) {
		f.MaxResults = most
	}
	f.PageSize = pageSizeAssumed
	if f.MaxResults > 0 {
		f.PageSize = min(f.MaxResults, pageSizeMost)
	}
}

// readTypes reads the resource types (RFC 7643 section 6) and returns what it assumed.
func readTypes(f *Features, v Value, base *url.URL) []string {
	f.Users = ResourceType{Supported: true, Endpoint: "/Users", Schema: UserSchema}
	f.Groups = ResourceType{Supported: true, Endpoint: "/Groups", Schema: GroupSchema}
	if !v.IsSet() {
		return nil
	}
	var assumed []string
	f.Groups.Supported = false
	usersTold := false
	for _, e := range entries(v) {
		switch {
		case isTypeOf(e, "User", UserSchema):
			f.Users, usersTold = f.Users.read(e, base), true
		case isTypeOf(e, "Group", GroupSchema):
			f.Groups = f.Groups.read(e, base)
		}
	}
	if !usersTold {
		assumed = append(assumed, pathTypes+" does not name users: the defaults are assumed")
	}
	return assumed
}

func isTypeOf(e Value, name, schema string) bool {
	uri, _ := e.Get("schema").Text()
	id, _ := e.Get("id").Text()
	own, _ := e.Get("name").Text()
	return strings.EqualFold(uri, schema) || uri == "" && (strings.EqualFold(id, name) || strings.EqualFold(own, name))
}

// read returns the type as it is described.
func (t ResourceType) read(e Value, base *url.URL) ResourceType {
	t.Supported = true
	if text, ok := e.Get("endpoint").Text(); ok {
		// Some write the whole URL; it is cut, never followed.
		t.Endpoint = cmp.Or(cleanEndpoint(strings.TrimPrefix(text, base.String())), t.Endpoint)
	}
	for _, extension := range e.Get("schemaExtensions").Elements() {
		if uri, ok := extension.Get("schema").Text(); ok && uri != "" {
			t.Extensions = append(t.Extensions, uri)
		}
	}
	slices.Sort(t.Extensions)
	t.Extensions = slices.Compact(t.Extensions)
	return t
}

// override applies what was configured.
func override(f *Features, o Overrides) {
	f.Patch = o.Patch.or(f.Patch)
	f.Filter = o.Filter.or(f.Filter)
	f.ETag = o.ETag.or(f.ETag)
	f.Cursor = o.CursorPaging.or(f.Cursor)
	f.Delete = o.Delete.or(f.Delete)
	f.Bulk.Supported = o.Bulk.or(f.Bulk.Supported)
	f.Bulk.MaxOperations = cmp.Or(o.BulkMaxOperations, f.Bulk.MaxOperations)
	f.Bulk.MaxPayload = cmp.Or(o.BulkMaxPayload, f.Bulk.MaxPayload)
	f.PageSize = cmp.Or(o.MaxPageSize, f.PageSize)
	f.MaxPatchMembers = cmp.Or(o.MaxPatchMembers, f.MaxPatchMembers)
	f.RemoveMembers = cmp.Or(o.RemoveMembers, f.RemoveMembers)
	f.Users.Endpoint = cmp.Or(cleanEndpoint(o.UsersEndpoint), f.Users.Endpoint)
	f.Groups.Endpoint = cmp.Or(cleanEndpoint(o.GroupsEndpoint), f.Groups.Endpoint)
	f.Groups.Supported = o.Groups.or(f.Groups.Supported || o.GroupsEndpoint != "")
}

// supported reads the sub-attribute of that name; some write it as a string.
func supported(v Value, fallback bool) bool {
	if value, ok := v.Get("supported").Bool(); ok {
		return value
	}
	return fallback
}

func positive(v Value) int {
	n, ok := v.Int()
	if !ok || n < 1 || n > 1<<30 {
		return 0
	}
	return int(n)
}
