package protocol_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	fullConfig = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},
		"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":1048576},"filter":{"supported":true,"maxResults":200},
		"etag":{"supported":"True"},"sort":{"supported":false},"pagination":{"cursor":true,"index":true,"maxPageSize":150}}`
	fullTypes = `{"Resources":[{"id":"User","name":"User","endpoint":"/People","schema":"urn:ietf:params:scim:schemas:core:2.0:User",
		"schemaExtensions":[{"schema":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","required":false}]},
		{"name":"Group","endpoint":"Teams/","schema":"urn:ietf:params:scim:schemas:core:2.0:Group"}]}`
	fullSchemas = `{"totalResults":2,"Resources":[{"id":"urn:ietf:params:scim:schemas:core:2.0:User","attributes":[
		{"name":"userName","type":"string","required":true,"caseExact":true,"mutability":"readWrite","returned":"default","uniqueness":"server"},
		{"name":"userType","type":"string","canonicalValues":["full","guest"]},
		{"name":"password","mutability":"writeOnly","returned":"never"},
		{"name":"shoeSize","type":"integer","mutability":"immutable"},
		{"name":"groups","multiValued":true,"mutability":"readOnly"},
		{"name":"emails","type":"complex","multiValued":true,"subAttributes":[{"name":"value"},{"name":"type","canonicalValues":["work"]}]}]},
		{"id":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","attributes":[{"name":"department"}]}]}`
)

func ignoringSchemas() cmp.Option { return cmpopts.IgnoreUnexported(protocol.Features{}) }

func features(t *testing.T, c *protocol.Client) protocol.Features {
	t.Helper()
	f, err := c.Features(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// assumptions are the features of a service provider that says nothing.
func assumptions(p *provider) protocol.Features {
	return protocol.Features{
		Patch: true, Filter: true, Delete: true, PageSize: 100, MaxPatchMembers: 100, RemoveMembers: protocol.RemoveByPath,
		Bulk:  protocol.BulkFeature{MaxOperations: 100, MaxPayload: 1 << 20},
		Users: protocol.ResourceType{Supported: true, Endpoint: "/Users", Schema: protocol.UserSchema},
		Groups: protocol.ResourceType{
			Supported: true, Endpoint: "/Groups", Schema: protocol.GroupSchema,
		},
		DiscoveredAt: p.clock.Now(),
	}
}

func TestFeaturesAreDiscovered(t *testing.T) {
	p := newProvider(t)
	p.config(fullConfig)
	p.answers("GET /ResourceTypes", 200, fullTypes)
	p.answers("GET /Schemas", 200, fullSchemas)
	want := assumptions(p)
	want.ETag, want.Cursor, want.MaxResults, want.PageSize = true, true, 150, 150
	want.Bulk = protocol.BulkFeature{Supported: true, MaxOperations: 1000, MaxPayload: 1 << 20}
	want.Users.Endpoint, want.Users.Extensions, want.Groups.Endpoint = "/People", []string{protocol.EnterpriseSchema}, "/Teams"
	if diff := cmp.Diff(want, features(t, p.client()), ignoringSchemas()); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
	want.Patch, want.Filter, want.ETag, want.Cursor, want.Delete, want.Bulk.Supported = false, false, false, false, false, false
	want.PageSize, want.MaxPatchMembers, want.RemoveMembers = 7, 8, protocol.RemoveByValue
	want.Bulk.MaxOperations, want.Bulk.MaxPayload = 9, 10
	want.Users.Endpoint, want.Groups.Supported = "/a/b", false
	got := features(t, p.client(overriding(protocol.Overrides{
		Patch: protocol.No, Filter: protocol.No, Bulk: protocol.No, ETag: protocol.No, CursorPaging: protocol.No, Delete: protocol.No, Groups: protocol.No,
		MaxPageSize: 7, MaxPatchMembers: 8, RemoveMembers: protocol.RemoveByValue, BulkMaxOperations: 9, BulkMaxPayload: 10, UsersEndpoint: "a/b/",
	})))
	if diff := cmp.Diff(want, got, ignoringSchemas()); diff != "" {
		t.Errorf("with overrides (-want +got):\n%s", diff)
	}
}

func TestDocumentsThatAreMissingOrWrongAreReplacedByAssumptions(t *testing.T) {
	const missing, wrong = " is missing: the defaults are assumed", " is not what it should be: the defaults are assumed"
	all := func(what string) []string {
		return []string{"/ResourceTypes" + what, "/Schemas" + what, "/ServiceProviderConfig" + what}
	}
	for name, tt := range map[string]struct {
		status      int
		contentType string
		body        string
		want        []string
	}{
		"missing":         {404, "", "", all(missing)},
		"html missing":    {404, "text/html", "<html>", all(missing)},
		"not implemented": {501, "", "", all(missing)},
		"forbidden":       {403, "", "", all(missing)},
		"html":            {200, "text/html", "<html>", all(wrong)},
		"truncated":       {200, "application/json", `{"patch":{"supp`, all(wrong)},
		"casdoor":         {200, "application/json", `{"status":"error","msg":"no"}`, all(wrong)},
		"empty":           {200, "application/json", ``, all(wrong)},
		"null":            {200, "application/json", `null`, all(wrong)},
		"no resources":    {200, "application/json", `{"totalResults":0,"Resources":[]}`, all(wrong)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			for _, d := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
				p.on("GET "+d, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", tt.contentType)
					w.WriteHeader(tt.status)
					_, _ = w.Write([]byte(tt.body))
				})
			}
			want := assumptions(p)
			want.Assumed = tt.want
			if diff := cmp.Diff(want, features(t, p.client()), ignoringSchemas()); diff != "" {
				t.Errorf("features (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResourceTypesOfAllShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		reason, body, users string
		groups              bool
		assumed             int
	}{
		"a bare list":      {"no ListResponse around it", `[{"name":"User","endpoint":"/U"},{"name":"Group","endpoint":"/G"}]`, "/U", true, 0},
		"users only":       {"Casdoor has no groups", `{"Resources":[{"name":"User","endpoint":"/Users"}]}`, "/Users", false, 0},
		"neither":          {"devices only", `{"Resources":[{"name":"Device","endpoint":"/Devices","schema":"urn:d"}]}`, "/Users", false, 1},
		"whole url":        {"it is cut", `{"Resources":[{"name":"User","endpoint":"%BASE%/Users2"}]}`, "/Users2", false, 0},
		"elsewhere":        {"it is not followed", `{"Resources":[{"name":"User","endpoint":"https://elsewhere.example.com/Users"}]}`, "/Users", false, 0},
		"outside the base": {"it is not followed", `{"Resources":[{"name":"User","endpoint":"/../admin"}]}`, "/Users", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.config(fullConfig)
			p.answers("GET /Schemas", 200, fullSchemas)
			p.answers("GET /ResourceTypes", 200, replaceBase(tt.body, p.server.URL+"/scim"))
			got := features(t, p.client())
			if got.Users.Endpoint != tt.users || got.Groups.Supported != tt.groups || len(got.Assumed) != tt.assumed {
				t.Errorf("%s: %+v", tt.reason, got)
			}
		})
	}
}

func TestDiscoveryFailsWhenTheServiceProviderCannotBeAsked(t *testing.T) {
	for status, kind := range map[int]directory.Kind{401: directory.KindCredentials, 429: directory.KindRateLimited, 500: directory.KindUnavailable, 503: directory.KindUnavailable} {
		p := newProvider(t)
		p.answers("GET /ServiceProviderConfig", status, "")
		c := p.client()
		_, err := c.Features(t.Context())
		wantKind(t, err, kind)
		p.clock.Step(time.Minute)
		p.config(fullConfig)
		if f := features(t, c); !f.ETag {
			t.Errorf("%d was remembered: %+v", status, f)
		}
	}
}

func TestFeaturesAreAskedForAgainWhenTheyAreOldOrForgotten(t *testing.T) {
	for name, tt := range map[string]struct {
		config string
		age    time.Duration
	}{"discovered": {fullConfig, time.Hour}, "unreadable": {`<html>`, 6 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.config(tt.config)
			asked := 0
			p.on("GET /Schemas", func(w http.ResponseWriter, _ *http.Request) { asked++; respond(w, 200, fullSchemas) })
			c := p.client()
			expect := func(what string, want int) {
				t.Helper()
				features(t, c)
				if asked != want {
					t.Errorf("%s: asked %d times, want %d", what, asked, want)
				}
			}
			expect("first", 1)
			p.clock.Step(tt.age - time.Second)
			expect("young", 1)
			p.clock.Step(time.Second)
			expect("old", 2)
			c.Forget()
			expect("forgotten", 3)
		})
	}
}

func TestAttributesAreKnownByPath(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /ResourceTypes", 200, fullTypes)
	p.answers("GET /Schemas", 200, fullSchemas)
	described, undescribed := features(t, p.client()), features(t, newProvider(t).client())
	for name, tt := range map[string]struct {
		path  string
		want  protocol.Knowledge
		check func(protocol.Attribute) bool
	}{
		"plain":    {"userName", protocol.Defined, func(a protocol.Attribute) bool { return a.Required && a.Uniqueness == "server" && a.CaseExact }},
		"any case": {"USERNAME", protocol.Defined, func(a protocol.Attribute) bool { return a.Name == "userName" }},
		"canonical values": {"userType", protocol.Defined, func(a protocol.Attribute) bool {
			return len(a.CanonicalValues) == 2 && a.Mutability == protocol.ReadWrite
		}},
		"write only":         {"password", protocol.Defined, func(a protocol.Attribute) bool { return a.Mutability == protocol.WriteOnly && a.Returned == "never" }},
		"immutable":          {"shoeSize", protocol.Defined, func(a protocol.Attribute) bool { return a.Mutability == protocol.Immutable && a.Type == "integer" }},
		"sub-attribute":      {`emails[type eq "work"].type`, protocol.Defined, func(a protocol.Attribute) bool { return a.CanonicalValues[0] == "work" }},
		"no sub-attribute":   {"emails.color", protocol.Undefined, nil},
		"undescribed sub":    {"groups.value", protocol.Unknown, nil},
		"missing":            {"nickName", protocol.Undefined, nil},
		"extension":          {protocol.EnterpriseSchema + ":department", protocol.Defined, nil},
		"not in extension":   {protocol.EnterpriseSchema + ":planet", protocol.Undefined, nil},
		"no such extension":  {"urn:custom:a", protocol.Undefined, nil},
		"common: externalId": {"externalId", protocol.Defined, func(a protocol.Attribute) bool { return a.CaseExact && a.Mutability == protocol.ReadWrite }},
		"common: id":         {"id", protocol.Defined, func(a protocol.Attribute) bool { return a.Mutability == protocol.ReadOnly }},
	} {
		t.Run(name, func(t *testing.T) {
			a, known := described.Attribute(protocol.Users, path(tt.path))
			if known != tt.want || tt.check != nil && !tt.check(a) {
				t.Errorf("%s: %+v, %v", tt.path, a, known)
			}
			if _, known := undescribed.Attribute(protocol.Users, path(tt.path)); known == protocol.Undefined {
				t.Errorf("%s is said to be missing where nothing is described", tt.path)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users", 200, listJSON(3, "", userJSON(1)))
	if err := p.client().Check(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"GET /Users?count=1"}, p.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for status, kind := range map[int]directory.Kind{401: directory.KindCredentials, 403: directory.KindDenied, 404: directory.KindUnavailable, 500: directory.KindUnavailable} {
		p.answers("GET /Users", status, "")
		wantKind(t, p.client().Check(t.Context()), kind)
	}
}
