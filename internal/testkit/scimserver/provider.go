package scimserver

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// provider is the library's service provider with one set of quirks.
type provider struct {
	quirks   Quirks
	library  http.Handler
	handlers map[kind]handler
}

func (s *Server) newProvider(q Quirks) *provider {
	p := &provider{quirks: q, handlers: map[kind]handler{
		kindUser: {
			server: s, quirks: q, kind: kindUser, core: schema.CoreUserSchema(),
			extensions: append([]schema.Schema{schema.ExtensionEnterpriseUser()}, s.options.Extensions...),
		},
		kindGroup: {server: s, quirks: q, kind: kindGroup, core: schema.CoreGroupSchema()},
	}}
	types := []scim.ResourceType{p.handlers[kindUser].resourceType()}
	if !q.NoGroups {
		types = append(types, p.handlers[kindGroup].resourceType())
	}
	library, err := scim.NewServer(&scim.ServerArgs{
		ServiceProviderConfig: &scim.ServiceProviderConfig{MaxResults: q.maxCount()}, ResourceTypes: types,
	}, scim.WithBaseURL(s.URL()))
	if err != nil {
		panic(fmt.Sprintf("the library takes every configuration that has all its parts: %v", err))
	}
	p.library = library
	return p
}

func (h handler) resourceType() scim.ResourceType {
	t := scim.ResourceType{
		ID: optional.NewString(string(h.kind)), Name: string(h.kind), Endpoint: h.kind.endpoint(),
		Schema: h.core, Handler: h,
	}
	for _, extension := range h.extensions {
		t.SchemaExtensions = append(t.SchemaExtensions, scim.SchemaExtension{Schema: extension})
	}
	return t
}

// withExternalID is the schema with the one common attribute that clients write.
func withExternalID(s schema.Schema) schema.Schema {
	with := s
	with.Attributes = append(schema.Attributes{schema.SimpleCoreAttribute(schema.SimpleStringParams(schema.StringParams{
		Name: "externalId", CaseExact: true,
	}))}, s.Attributes...)
	return with
}

func (q Quirks) id(n int) string {
	if q.IDs != nil {
		return q.IDs(n)
	}
	// It looks random, as ids do, and is the same in every run.
	return fmt.Sprintf("%016x%016x", uint64(n)*0x9e3779b97f4a7c15, uint64(n)*0xbf58476d1ce4e5b9+uint64(n))
}

// OddIDs are ids with slashes, spaces, letters beyond ASCII and all that has a
// meaning in URLs and filters.
func OddIDs(n int) string {
	odd := []string{"a/b", "with space", "é-ü-名", "50%", "q?x=1&y=2#z", `quo"te`, "..", "a+b;c", `back\slash`}
	return fmt.Sprintf("%s/%d", odd[n%len(odd)], n)
}

// serviceProviderConfig is RFC 7643 section 5, with the pagination of RFC 9865
// section 4. The library's own always denies bulk and entity tags.
func (s *Server) serviceProviderConfig(q Quirks) map[string]any {
	supported := func(yes bool) map[string]any { return map[string]any{"supported": yes} }
	config := map[string]any{
		"schemas":        []string{"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"},
		"patch":          supported(q.NoPatch == 0),
		"bulk":           map[string]any{"supported": q.Bulk > 0, "maxOperations": q.Bulk, "maxPayloadSize": maxBody},
		"filter":         map[string]any{"supported": q.Filter == FilterFull || q.Filter == FilterEq, "maxResults": q.maxCount()},
		"changePassword": supported(false),
		"sort":           supported(false),
		"etag":           supported(q.ETags),
		"authenticationSchemes": []map[string]any{{
			"type": "oauthbearertoken", "name": "OAuth Bearer Token", "description": "A bearer token in the header Authorization.",
		}},
		"meta": map[string]any{
			"resourceType": "ServiceProviderConfig", "location": s.URL() + "/ServiceProviderConfig",
		},
	}
	if q.Cursor != CursorNone {
		method := "index"
		if q.Cursor != CursorOffered {
			method = "cursor"
		}
		config["pagination"] = map[string]any{
			"cursor": true, "index": q.Cursor != CursorOnly, "defaultPaginationMethod": method,
			"defaultPageSize": q.defaultCount(), "maxPageSize": q.maxCount(),
		}
	}
	return config
}

// hidden says whether an endpoint is one that this service provider does not
// have.
func (q Quirks) hidden(path string) bool {
	under := func(endpoint string) bool { return path == endpoint || strings.HasPrefix(path, endpoint+"/") }
	return q.NoServiceProviderConfig && under("/ServiceProviderConfig") || q.NoSchemas && under("/Schemas") ||
		q.NoResourceTypes && under("/ResourceTypes") || q.NoGroups && under(kindGroup.endpoint()) ||
		q.Bulk == 0 && under("/Bulk")
}
