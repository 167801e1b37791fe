package scimserver_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

func TestUsersByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	created := c.Want(http.StatusCreated, "POST", "/Users", map[string]any{
		"schemas": []string{userSchema, enterpriseSchema}, "userName": "Ada@example.com", "externalId": "u-1",
		"name":           map[string]any{"givenName": "Ada", "familyName": "Lovelace"},
		"emails":         []any{map[string]any{"value": "ada@example.com", "type": "work", "primary": true}},
		enterpriseSchema: map[string]any{"department": "Engines"},
		"groups":         rawscim.References("nobody"),
	})
	id := created.ID()
	if got := created.Header.Get("Location"); got != c.server.URL()+"/Users/"+id {
		t.Errorf("Location is %q", got)
	}
	if diff := cmp.Diff(true, created.Body["active"]); diff != "" {
		t.Errorf("a user is active unless somebody says otherwise: %s", diff)
	}
	again := c.Want(http.StatusConflict, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "ada@EXAMPLE.com"})
	if again.SCIMType() != "uniqueness" || rawscim.Text(again.Body, "status") != "409" {
		t.Errorf("a second user of that name is refused with %s", again.Raw)
	}
	c.Want(http.StatusOK, "PUT", rawscim.At("Users", id), map[string]any{
		"schemas": []string{userSchema}, "userName": "ada@example.com", "active": false,
	})
	got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	if rawscim.Text(got.Body, "name/givenName") != "" || rawscim.Text(got.Body, "externalId") != "" || !cmp.Equal(got.Body["active"], any(false)) {
		t.Errorf("PUT replaces all that a client may write: %s", got.Raw)
	}
	want := []scimserver.User{{ID: id, UserName: "ada@example.com", Attributes: map[string]any{}}}
	if diff := cmp.Diff(want, c.server.Users()); diff != "" {
		t.Errorf("the console sees (-want +got):\n%s", diff)
	}
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", id), nil)
	c.Want(http.StatusNotFound, "GET", rawscim.At("Users", id), nil)
	c.Want(http.StatusNotFound, "DELETE", rawscim.At("Users", id), nil)
}

func TestPatchOfUsersByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	id := c.User("ada", map[string]any{
		"externalId": "1", "title": "Countess",
		"emails":         []any{map[string]any{"value": "home@example.com", "type": "home", "primary": true}},
		enterpriseSchema: map[string]any{"department": "Engines", "costCenter": "7"},
	})
	patched := c.Want(http.StatusOK, "PATCH", rawscim.At("Users", id), rawscim.Operations(
		rawscim.Op("Replace", "active", false),
		rawscim.Op("replace", "externalId", "2"),
		rawscim.Op("remove", "title", nil),
		rawscim.Op("add", "name.givenName", "Ada"),
		rawscim.Op("add", "emails", []any{map[string]any{"value": "ada@example.com", "type": "work", "primary": true}}),
		rawscim.Op("replace", `emails[type eq "home"].value`, "house@example.com"),
		rawscim.Op("replace", enterpriseSchema+":department", "Looms"),
		rawscim.Op("replace", "", map[string]any{"nickName": "A", enterpriseSchema: map[string]any{"division": "North"}}),
	))
	got, ok := c.server.User("ada")
	want := scimserver.User{ID: id, ExternalID: "2", UserName: "ada", Attributes: map[string]any{
		"name":     map[string]any{"givenName": "Ada"},
		"nickName": "A",
		"emails": []any{
			map[string]any{"value": "house@example.com", "type": "home", "primary": false},
			map[string]any{"value": "ada@example.com", "type": "work", "primary": true},
		},
		enterpriseSchema: map[string]any{"department": "Looms", "division": "North", "costCenter": "7"},
	}}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("after the operations (-want +got):\n%s\n%s", diff, patched.Raw)
	}
	tests := map[string]struct {
		op       map[string]any
		scimType string
		reason   string
	}{
		"nothing picked": {rawscim.Op("replace", `emails[type eq "other"].value`, "x"), "noTarget", "RFC 7644 section 3.5.2.3"},
		"no path":        {rawscim.Op("remove", "", nil), "noTarget", "RFC 7644 section 3.5.2.2"},
		"unknown":        {rawscim.Op("replace", "shoeSize", "42"), "invalidPath", "the schema has no such attribute"},
		"wrong type":     {rawscim.Op("replace", "active", "yes"), "invalidValue", "active is a boolean"},
		"read only":      {rawscim.Op("add", "groups", rawscim.References("x")), "mutability", "groups belong to groups"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := c.Want(http.StatusBadRequest, "PATCH", rawscim.At("Users", id), rawscim.Operations(rawscim.Op("replace", "nickName", "B"), test.op))
			if a.SCIMType() != test.scimType {
				t.Errorf("scimType is %q, not %q: %s", a.SCIMType(), test.scimType, test.reason)
			}
			if u, _ := c.server.User("ada"); u.Attributes["nickName"] != "A" {
				t.Error("part of a refused request was applied")
			}
		})
	}
}

func TestGroupsByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	ada, bob, cat := c.User("ada", nil), c.User("bob", nil), c.User("cat", nil)
	group := c.Group("Engines", ada)
	members := func() []string {
		return rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Groups", group), nil).Body, "members")
	}
	steps := []struct {
		op     map[string]any
		want   []string
		reason string
	}{
		{rawscim.Op("add", "members", rawscim.References(bob, cat, ada)), []string{ada, bob, cat}, "one who is in it stays"},
		{rawscim.Op("remove", fmt.Sprintf(`members[value eq %q]`, bob), nil), []string{ada, cat}, "a filter picks one"},
		{rawscim.Op("replace", "members", rawscim.References(bob)), []string{bob}, "replace is the whole list"},
		{rawscim.Op("add", "", map[string]any{"members": rawscim.References(ada)}), []string{bob, ada}, "no path is the resource"},
		{rawscim.Op("remove", "members", rawscim.References(ada)), []string{}, "RFC 7644 section 3.5.2.2: a value is no filter"},
	}
	for _, step := range steps {
		c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(step.op))
		if diff := cmp.Diff(step.want, members()); diff != "" {
			t.Fatalf("%v: %s (-want +got):\n%s", step.op, step.reason, diff)
		}
	}
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("add", "members", rawscim.References(ada, bob))))
	if got := rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Users", ada), nil).Body, "groups"); !cmp.Equal([]string{group}, got) {
		t.Errorf("ada's groups are %v", got)
	}
	c.Want(http.StatusBadRequest, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("add", "members", rawscim.References("nobody"))))
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", ada), nil)
	if diff := cmp.Diff([]string{bob}, members()); diff != "" {
		t.Errorf("who is deleted leaves every group (-want +got):\n%s", diff)
	}
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Groups", group), nil)
	if u, _ := c.server.User("bob"); len(u.Groups) != 0 {
		t.Errorf("bob is still in %v", u.Groups)
	}
}

func TestFiltersByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	ada := c.User("Ada@example.com", map[string]any{
		"externalId": "X-1", "emails": []any{map[string]any{"value": "ada@example.com", "type": "work"}},
		enterpriseSchema: map[string]any{"department": "Engines"},
	})
	c.User(`b"ob\`, map[string]any{"externalId": "x-1", "active": false})
	c.Group("Engines", ada)
	tests := map[string]struct {
		kind, filter string
		want         []string
	}{
		"name in other letters":       {"Users", `userName eq "ADA@example.com"`, []string{"Ada@example.com"}},
		"externalId is exact":         {"Users", `externalId eq "x-1"`, []string{`b"ob\`}},
		"quoted":                      {"Users", `userName eq "b\"ob\\"`, []string{`b"ob\`}},
		"id":                          {"Users", fmt.Sprintf("id eq %q", ada), []string{"Ada@example.com"}},
		"boolean":                     {"Users", `active eq false`, []string{`b"ob\`}},
		"an attribute in a list":      {"Users", `emails.value eq "ADA@example.com"`, []string{"Ada@example.com"}},
		"a list picked from":          {"Users", `emails[type eq "work" and value co "@example"]`, []string{"Ada@example.com"}},
		"a list's value":              {"Users", `emails eq "ada@example.com"`, []string{"Ada@example.com"}},
		"an extension":                {"Users", enterpriseSchema + `:department eq "Engines"`, []string{"Ada@example.com"}},
		"present":                     {"Users", `emails pr`, []string{"Ada@example.com"}},
		"not":                         {"Users", `not (userName sw "a")`, []string{`b"ob\`}},
		"or":                          {"Users", `userName eq "nobody" or userName co "ob"`, []string{`b"ob\`}},
		"and":                         {"Users", `userName eq "ada@example.com" and active eq false`, []string{}},
		"a group's member":            {"Groups", fmt.Sprintf("members.value eq %q", ada), []string{"Engines"}},
		"a group's member, for short": {"Groups", fmt.Sprintf("members eq %q", ada), []string{"Engines"}},
		"a group's name":              {"Groups", `displayName eq "engines"`, []string{"Engines"}},
		"a user's groups":             {"Users", `groups.display eq "Engines"`, []string{"Ada@example.com"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := c.Want(http.StatusOK, "GET", rawscim.Filtered(test.kind, test.filter), nil)
			if diff := cmp.Diff(test.want, a.Names()); diff != "" || a.Total() != len(test.want) {
				t.Errorf("%s (-want +got, total %d):\n%s", test.filter, a.Total(), diff)
			}
		})
	}
	for _, wrong := range []string{`userName eq`, `shoeSize eq "42"`, `userName is "x"`} {
		if a := c.Want(http.StatusBadRequest, "GET", rawscim.Filtered("Users", wrong), nil); a.SCIMType() != "invalidFilter" {
			t.Errorf("%s is refused with %s", wrong, a.Raw)
		}
	}
}

func TestPagesByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	for i := range 5 {
		c.User(fmt.Sprintf("user-%d", i), nil)
	}
	page := c.Want(http.StatusOK, "GET", "/Users?startIndex=3&count=2", nil)
	if diff := cmp.Diff([]string{"user-2", "user-3"}, page.Names()); diff != "" || page.Total() != 5 {
		t.Errorf("the second page (-want +got, total %d):\n%s", page.Total(), diff)
	}
	if past := c.Want(http.StatusOK, "GET", "/Users?startIndex=6", nil); len(past.Names()) != 0 || past.Total() != 5 {
		t.Errorf("past the end: %s", past.Raw)
	}
	if none := c.Want(http.StatusOK, "GET", "/Users?count=0", nil); len(none.Names()) != 0 || none.Total() != 5 {
		t.Errorf("count 0 tells the total only: %s", none.Raw)
	}
	few := c.Want(http.StatusOK, "GET", "/Users?count=1&attributes=userName", nil).Resources()[0]
	delete(few, "meta")
	if _, ok := few["active"]; ok || rawscim.Text(few, "userName") != "user-0" || rawscim.Text(few, "id") == "" {
		t.Errorf("asked for userName only, it tells %v", few)
	}
	c.Group("Engines", c.User("ada", nil))
	if g := c.Want(http.StatusOK, "GET", "/Groups?excludedAttributes=members", nil).Resources()[0]; g["members"] != nil {
		t.Errorf("asked for no members, it tells %v", g)
	}
}

func TestDiscoveryByTheBook(t *testing.T) {
	c := start(t, scimserver.Options{})
	config := c.Want(http.StatusOK, "GET", "/ServiceProviderConfig", nil)
	if diff := cmp.Diff(map[string]any{"supported": true}, config.Body["patch"]); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"supported": false}, config.Body["etag"]); diff != "" {
		t.Errorf("etag (-want +got):\n%s", diff)
	}
	types := c.Want(http.StatusOK, "GET", "/ResourceTypes", nil)
	if got := types.Resources(); len(got) != 2 || rawscim.Text(got[0], "endpoint") != "/Users" || rawscim.Text(got[1], "endpoint") != "/Groups" {
		t.Errorf("the resource types are %s", types.Raw)
	}
	c.Want(http.StatusOK, "GET", "/Schemas/"+enterpriseSchema, nil)
	c.Want(http.StatusNotFound, "GET", "/Bulk", nil)
	c.Want(http.StatusNotFound, "GET", "/Unknown", nil)
}
