package scimserver_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

type quirks = scimserver.Quirks

func TestQuirksOfPatch(t *testing.T) {
	tests := map[string]struct {
		quirks func(*quirks)
		// ops change a group of ada and bob, whose ids are given.
		ops    func(ada, bob, cat string) []map[string]any
		status int
		// want are the names left in the group.
		want   []string
		reason string
	}{
		"no PATCH": {
			func(q *quirks) { q.NoPatch = 501 },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", rawscim.References(cat)))
			},
			501,
			[]string{"ada", "bob"},
			"RFC 7644 section 3.12",
		},
		"204": {
			func(q *quirks) { q.NoContent = true },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", rawscim.References(cat)))
			},
			204,
			[]string{"ada", "bob", "cat"},
			"",
		},
		"too many": {
			func(q *quirks) { q.MemberChanges = 1 },
			func(ada, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", rawscim.References(cat)), rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", ada), nil))
			},
			400,
			[]string{"ada", "bob"},
			"adding and removing count alike",
		},
		"just enough": {
			func(q *quirks) { q.MemberChanges = 2 },
			func(ada, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", rawscim.References(cat)), rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", ada), nil))
			},
			200,
			[]string{"bob", "cat"},
			"",
		},
		"replace all": {
			func(q *quirks) { q.NoMemberReplace = true },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("replace", "members", rawscim.References(cat)))
			},
			400,
			[]string{"ada", "bob"},
			"",
		},
		"remove all": {
			func(q *quirks) { q.NoMemberReplace = true },
			func(_, _, _ string) []map[string]any { return ops(rawscim.Op("remove", "members", nil)) },
			400,
			[]string{"ada", "bob"},
			"",
		},
		"by value": {
			func(q *quirks) { q.RemoveMembers = scimserver.RemoveByValue },
			func(ada, _, _ string) []map[string]any {
				return ops(rawscim.Op("remove", "members", rawscim.References(ada)))
			},
			200,
			[]string{"bob"},
			"",
		},
		"by value, filtered": {
			func(q *quirks) { q.RemoveMembers = scimserver.RemoveByValue },
			func(ada, _, _ string) []map[string]any {
				return ops(rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", ada), nil))
			},
			400,
			[]string{"ada", "bob"},
			"",
		},
		"either": {
			func(q *quirks) { q.RemoveMembers = scimserver.RemoveEither },
			func(ada, bob, _ string) []map[string]any {
				return ops(rawscim.Op("remove", "members", rawscim.References(ada)), rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", bob), nil))
			},
			200,
			[]string{},
			"",
		},
		"no filters in paths": {
			func(q *quirks) { q.NoValuePaths = true },
			func(ada, _, _ string) []map[string]any {
				return ops(rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", ada), nil))
			},
			400,
			[]string{"ada", "bob"},
			"",
		},
		"wrapped": {
			func(q *quirks) { q.WrappedMembers = true },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", map[string]any{"members": rawscim.References(cat)}))
			},
			200,
			[]string{"ada", "bob", "cat"},
			"",
		},
		"capitals": {
			func(q *quirks) { q.CapitalisedOps = true },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("Add", "members", rawscim.References(cat)))
			},
			200,
			[]string{"ada", "bob", "cat"},
			"",
		},
		"capitals wanted": {
			func(q *quirks) { q.CapitalisedOps = true },
			func(_, _, cat string) []map[string]any {
				return ops(rawscim.Op("add", "members", rawscim.References(cat)))
			},
			400,
			[]string{"ada", "bob"},
			"",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := quirky(t, test.quirks)
			ada, bob, cat := c.server.PutUser(user("ada")), c.server.PutUser(user("bob")), c.server.PutUser(user("cat"))
			id := c.server.PutGroup(scimserver.Group{DisplayName: "Engines", Members: []string{ada, bob}})
			a := c.Want(test.status, "PATCH", rawscim.At("Groups", id), rawscim.Operations(test.ops(ada, bob, cat)...))
			if len(a.Raw) == 0 != (test.status == http.StatusNoContent) {
				t.Errorf("the body is %q", a.Raw)
			}
			names := map[string]string{ada: "ada", bob: "bob", cat: "cat"}
			got := []string{}
			for _, member := range mustGroup(t, c, "Engines").Members {
				got = append(got, names[member])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func ops(list ...map[string]any) []map[string]any { return list }

func user(name string) scimserver.User { return scimserver.User{UserName: name, Active: true} }

func mustGroup(t *testing.T, c *client, name string) scimserver.Group {
	t.Helper()
	g, ok := c.server.Group(name)
	if !ok {
		t.Fatalf("there is no group %q", name)
	}
	return g
}

func TestQuirksOfFilters(t *testing.T) {
	tests := map[string]struct {
		style  scimserver.FilterStyle
		filter string
		status int
		want   []string
	}{
		"eq":                {scimserver.FilterEq, `userName eq "ada"`, 200, []string{"ada"}},
		"eq and eq":         {scimserver.FilterEq, `userName eq "ada" and externalId eq "1"`, 200, []string{}},
		"other operator":    {scimserver.FilterEq, `userName sw "ada"`, 400, []string{}},
		"other attribute":   {scimserver.FilterEq, `title eq "ada"`, 400, []string{}},
		"or":                {scimserver.FilterEq, `userName eq "ada" or userName eq "bob"`, 400, []string{}},
		"refused":           {scimserver.FilterRefused, `userName eq "ada"`, 400, []string{}},
		"ignored":           {scimserver.FilterIgnored, `userName eq "ada"`, 200, []string{"ada", "bob"}},
		"ignored, nonsense": {scimserver.FilterIgnored, `nonsense`, 200, []string{"ada", "bob"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := quirky(t, func(q *quirks) { q.Filter = test.style })
			c.server.PutUser(user("ada"))
			c.server.PutUser(user("bob"))
			a := c.Want(test.status, "GET", rawscim.Filtered("Users", test.filter), nil)
			if diff := cmp.Diff(test.want, a.Names()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if test.status == http.StatusBadRequest && a.SCIMType() != "invalidFilter" {
				t.Errorf("refused with %s", a.Raw)
			}
		})
	}
}

func TestQuirksOfPages(t *testing.T) {
	tests := map[string]struct {
		quirks func(*quirks)
		query  string
		want   []string
		total  int
	}{
		"most":               {func(q *quirks) { q.MaxCount = 2 }, "count=10", []string{"u0", "u1"}, 5},
		"default":            {func(q *quirks) { q.DefaultCount = 1 }, "", []string{"u0"}, 5},
		"short":              {func(q *quirks) { q.ShortPages = true }, "count=3&startIndex=2", []string{"u1", "u2"}, 5},
		"startIndex ignored": {func(q *quirks) { q.IgnoreStartIndex = true }, "count=2&startIndex=3", []string{"u0", "u1"}, 5},
		"for ever":           {func(q *quirks) { q.Endless = true }, "count=2&startIndex=7", []string{"u0", "u1"}, 11},
		"total of page":      {func(q *quirks) { q.Total = scimserver.TotalOfPage }, "count=2", []string{"u0", "u1"}, 2},
		"total absent":       {func(q *quirks) { q.Total = scimserver.TotalAbsent }, "count=2", []string{"u0", "u1"}, -1},
		"total too few":      {func(q *quirks) { q.Total = scimserver.TotalTooFew }, "count=2", []string{"u0", "u1"}, 4},
		"total too many":     {func(q *quirks) { q.Total = scimserver.TotalTooMany }, "count=2", []string{"u0", "u1"}, 6},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := quirky(t, test.quirks)
			for i := range 5 {
				c.server.PutUser(user(fmt.Sprintf("u%d", i)))
			}
			a := c.Want(http.StatusOK, "GET", "/Users?"+test.query, nil)
			if diff := cmp.Diff(test.want, a.Names()); diff != "" || a.Total() != test.total {
				t.Errorf("-want +got, total %d instead of %d:\n%s", a.Total(), test.total, diff)
			}
		})
	}
}

func TestCursors(t *testing.T) {
	for _, style := range []scimserver.CursorStyle{scimserver.CursorOffered, scimserver.CursorDefault, scimserver.CursorOnly} {
		t.Run(string(style), func(t *testing.T) {
			c := quirky(t, func(q *quirks) { q.Cursor = style })
			for i := range 5 {
				c.server.PutUser(user(fmt.Sprintf("u%d", i)))
			}
			got, cursor := [][]string{}, ""
			for range 5 {
				a := c.Want(http.StatusOK, "GET", "/Users?count=2&cursor="+cursor, nil)
				got = append(got, a.Names())
				// Who is gone shifts no page.
				c.server.DeleteUser(rawscim.Text(a.Resources()[0], "id"))
				if cursor = rawscim.Text(a.Body, "nextCursor"); cursor == "" {
					break
				}
			}
			if diff := cmp.Diff([][]string{{"u0", "u1"}, {"u2", "u3"}, {"u4"}}, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
			if a := c.Want(http.StatusBadRequest, "GET", "/Users?cursor=nonsense", nil); a.SCIMType() != "invalidCursor" {
				t.Errorf("refused with %s", a.Raw)
			}
			unasked := c.Want(http.StatusOK, "GET", "/Users?count=1", nil)
			if got := rawscim.Text(unasked.Body, "nextCursor") != ""; got != (style != scimserver.CursorOffered) {
				t.Errorf("without being asked for it: %s", unasked.Raw)
			}
			next := rawscim.Text(c.Want(http.StatusOK, "GET", "/Users?count=1&cursor", nil).Body, "nextCursor")
			c.server.ExpireCursors()
			if a := c.Want(http.StatusBadRequest, "GET", "/Users?cursor="+next, nil); a.SCIMType() != "expiredCursor" {
				t.Errorf("refused with %s", a.Raw)
			}
			byIndex := c.Do("GET", "/Users?count=1&startIndex=2", nil)
			if refused := byIndex.Status == http.StatusBadRequest; refused != (style == scimserver.CursorOnly) {
				t.Errorf("by index: %s", byIndex.Raw)
			}
		})
	}
}

func TestQuirksOfResources(t *testing.T) {
	tests := map[string]struct {
		quirks func(*quirks)
		// path is what is read, with %s for ada's id.
		path string
		// want must, and never must not be in the answer.
		want, never string
	}{
		"listed without members": {func(q *quirks) { q.GroupsWithoutMembers = true }, "/Groups", "Engines", "members"},
		"one with members":       {func(q *quirks) { q.GroupsWithoutMembers = true }, "/Groups/g", `"members"`, "nothing"},
		"never members":          {func(q *quirks) { q.GroupWithoutMembers = true }, "/Groups/g", "Engines", "members"},
		"no groups of users":     {func(q *quirks) { q.UsersWithoutGroups = true }, "/Users/%s", "ada", "groups"},
		"no emails":              {func(q *quirks) { q.UsersWithoutEmails = true }, "/Users/%s", "ada", "emails"},
		"active":                 {func(q *quirks) { q.ActiveAsString = true }, "/Users/%s", `"active":"True"`, "true"},
		"no groups":              {func(q *quirks) { q.NoGroups = true }, "/ResourceTypes", "User", "Group"},
		"no groups, no endpoint": {func(q *quirks) { q.NoGroups = true }, "/Groups", "404", "Engines"},
		"no configuration":       {func(q *quirks) { q.NoServiceProviderConfig = true }, "/ServiceProviderConfig", "404", "patch"},
		"no schemas":             {func(q *quirks) { q.NoSchemas = true }, "/Schemas", "404", "userName"},
		"no schemas, one":        {func(q *quirks) { q.NoSchemas = true }, "/Schemas/" + userSchema, "404", "userName"},
		"no resource types":      {func(q *quirks) { q.NoResourceTypes = true }, "/ResourceTypes", "404", "/Users"},
		"cursors told of":        {func(q *quirks) { q.Cursor = scimserver.CursorOnly }, "/ServiceProviderConfig", `"index":false`, "nothing"},
		"PATCH told of":          {func(q *quirks) { q.NoPatch = 501 }, "/ServiceProviderConfig", `"patch":{"supported":false}`, "nothing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := quirky(t, test.quirks)
			ada := user("ada")
			ada.Attributes = map[string]any{"emails": []any{map[string]any{"value": "x@example.com"}}}
			id := c.server.PutUser(ada)
			c.server.PutGroup(scimserver.Group{ID: "g", DisplayName: "Engines", Members: []string{id}})
			path := strings.ReplaceAll(test.path, "%s", id)
			got := string(c.Do("GET", path, nil).Raw)
			if !strings.Contains(got, test.want) || strings.Contains(got, test.never) {
				t.Errorf("GET %s has no %q, or has %q: %s", path, test.want, test.never, got)
			}
		})
	}
}

func TestOddIDsAreAddressable(t *testing.T) {
	c := quirky(t, func(q *quirks) { q.IDs = scimserver.OddIDs })
	for i := range 20 {
		name := fmt.Sprintf("u%d", i)
		id := c.User(name, nil)
		if got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil); rawscim.Text(got.Body, "userName") != name {
			t.Errorf("%q leads to %s", id, got.Raw)
		}
		group := c.Group(name, id)
		c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", id), nil)))
		if left := mustGroup(t, c, name).Members; len(left) > 0 {
			t.Errorf("%q is still in the group", id)
		}
		if found := c.Want(http.StatusOK, "GET", rawscim.Filtered("Users", fmt.Sprintf("id eq %q", id)), nil); found.Total() != 1 {
			t.Errorf("%q is found %d times", id, found.Total())
		}
		c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", id), nil)
	}
}

func TestQuirksOfWrites(t *testing.T) {
	t.Run("no PUT", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.NoGroupPut = true })
		id := c.User("ada", nil)
		c.Want(http.StatusOK, "PUT", rawscim.At("Users", id), map[string]any{"schemas": []string{userSchema}, "userName": "ada"})
		c.Want(http.StatusMethodNotAllowed, "PUT", rawscim.At("Groups", c.Group("g")), map[string]any{})
		c.server.SetQuirks(quirks{PatchQuirks: scimserver.PatchQuirks{NoPut: true}})
		c.Want(http.StatusMethodNotAllowed, "PUT", rawscim.At("Users", id), map[string]any{})
	})
	t.Run("externalId forgotten", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.NoExternalID = true })
		c.User("ada", map[string]any{"externalId": "1"})
		if u, _ := c.server.User("ada"); u.ExternalID != "" {
			t.Errorf("it is %q", u.ExternalID)
		}
	})
	t.Run("externalId twice", func(t *testing.T) {
		c := quirky(t, func(q *quirks) {})
		c.User("ada", map[string]any{"externalId": "1"})
		c.User("bob", map[string]any{"externalId": "1"})
		if a := c.Want(http.StatusOK, "GET", rawscim.Filtered("Users", `externalId eq "1"`), nil); a.Total() != 2 {
			t.Errorf("found %d", a.Total())
		}
		c.server.SetQuirks(quirks{ResourceQuirks: scimserver.ResourceQuirks{UniqueExternalID: true}})
		c.Want(http.StatusConflict, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "c", "externalId": "1"})
	})
	t.Run("group names", func(t *testing.T) {
		c := quirky(t, func(q *quirks) {})
		c.Group("g")
		c.Group("G")
		c.server.SetQuirks(quirks{ResourceQuirks: scimserver.ResourceQuirks{UniqueGroupNames: true}})
		c.Want(http.StatusConflict, "POST", "/Groups", map[string]any{"schemas": []string{groupSchema}, "displayName": "G"})
	})
	t.Run("no DELETE", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.NoDelete = 405 })
		c.Want(http.StatusMethodNotAllowed, "DELETE", rawscim.At("Users", c.User("ada", nil)), nil)
		c.Want(http.StatusNoContent, "DELETE", rawscim.At("Groups", c.Group("g")), nil)
	})
	t.Run("DELETE deactivates", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.DeleteDeactivates = true })
		c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", c.User("ada", nil)), nil)
		if u, ok := c.server.User("ada"); !ok || u.Active {
			t.Errorf("there is %v, active %v", ok, u.Active)
		}
	})
	t.Run("deactivation deletes", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.DeactivationDeletes = true })
		c.Want(http.StatusOK, "PATCH", rawscim.At("Users", c.User("ada", nil)), rawscim.Operations(rawscim.Op("replace", "active", false)))
		if _, ok := c.server.User("ada"); ok {
			t.Error("she is still there")
		}
	})
	t.Run("unknown attributes", func(t *testing.T) {
		c := quirky(t, func(q *quirks) {})
		c.User("ada", map[string]any{"shoeSize": 42})
		c.server.SetQuirks(quirks{ResourceQuirks: scimserver.ResourceQuirks{RejectUnknown: true}})
		c.User("bob", map[string]any{"externalId": "1", enterpriseSchema: map[string]any{"department": "x"}})
		c.Want(http.StatusBadRequest, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "c", "shoeSize": 42})
	})
	t.Run("201 without a body", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.CreatedWithoutBody = true })
		a := c.Want(http.StatusCreated, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "ada"})
		if len(a.Raw) > 0 || a.Header.Get("Location") == "" {
			t.Errorf("%s at %q", a.Raw, a.Header.Get("Location"))
		}
		c.server.SetQuirks(quirks{ProtocolQuirks: scimserver.ProtocolQuirks{CreatedWithoutLocation: true}})
		b := c.Want(http.StatusCreated, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "bob"})
		if b.ID() == "" || b.Header.Get("Location") != "" {
			t.Errorf("%s at %q", b.Raw, b.Header.Get("Location"))
		}
	})
}

func TestLimits(t *testing.T) {
	t.Run("rate", func(t *testing.T) {
		c := quirky(t, func(q *quirks) {
			q.RateLimit = scimserver.RateLimit{Requests: 2, Refusals: 1, RetryAfter: 3 * time.Second}
		})
		var got []int
		for range 4 {
			a := c.Do("GET", "/Users", nil)
			got = append(got, a.Status)
			if a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") != "3" {
				t.Errorf("Retry-After is %q", a.Header.Get("Retry-After"))
			}
		}
		if diff := cmp.Diff([]int{200, 200, 429, 200}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("seats", func(t *testing.T) {
		c := quirky(t, func(q *quirks) { q.Seats = scimserver.Seats{Limit: 1, Status: 507, SCIMType: "quota", Detail: "Full."} })
		id := c.User("ada", nil)
		a := c.Want(http.StatusInsufficientStorage, "POST", "/Users", map[string]any{"schemas": []string{userSchema}, "userName": "bob"})
		if a.SCIMType() != "quota" || rawscim.Text(a.Body, "detail") != "Full." {
			t.Errorf("refused with %s", a.Raw)
		}
		c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", id), nil)
		c.User("bob", nil)
	})
}

func TestEntityTags(t *testing.T) {
	c := quirky(t, func(q *quirks) { q.ETags = true })
	id := c.User("ada", nil)
	first := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	tag := first.Header.Get("ETag")
	if tag == "" || rawscim.Text(first.Body, "meta/version") != tag {
		t.Fatalf("the tag is %q: %s", tag, first.Raw)
	}
	c.Header.Set("If-Match", tag)
	c.Want(http.StatusOK, "PATCH", rawscim.At("Users", id), rawscim.Operations(rawscim.Op("replace", "active", true)))
	c.Want(http.StatusOK, "PATCH", rawscim.At("Users", id), rawscim.Operations(rawscim.Op("replace", "active", false)))
	c.Want(http.StatusPreconditionFailed, "PATCH", rawscim.At("Users", id), rawscim.Operations(rawscim.Op("replace", "active", true)))
	c.Want(http.StatusPreconditionFailed, "DELETE", rawscim.At("Users", id), nil)
	c.Header.Del("If-Match")
	c.server.SetQuirks(quirks{ProtocolQuirks: scimserver.ProtocolQuirks{ETags: true, RequireIfMatch: true}})
	c.Want(http.StatusPreconditionRequired, "DELETE", rawscim.At("Users", id), nil)
}

func TestBulk(t *testing.T) {
	c := quirky(t, func(q *quirks) { q.Bulk = 3 })
	bulk := func(ops ...map[string]any) map[string]any {
		return map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "Operations": ops}
	}
	add := func(id, name string) map[string]any {
		return map[string]any{
			"method": "POST", "path": "/Users", "bulkId": id,
			"data": map[string]any{"schemas": []string{userSchema}, "userName": name},
		}
	}
	a := c.Want(http.StatusOK, "POST", "/Bulk", bulk(add("a", "ada"), add("b", "ada"), map[string]any{
		"method": "POST", "path": "/Groups",
		"data": map[string]any{"schemas": []string{groupSchema}, "displayName": "g", "members": rawscim.References("bulkId:a")},
	}))
	var statuses []string
	for _, one := range rawscim.List(a.Body, "Operations") {
		if result, ok := one.(rawscim.Object); ok {
			statuses = append(statuses, rawscim.Text(result, "status"))
		}
	}
	if diff := cmp.Diff([]string{"201", "409", "201"}, statuses); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, a.Raw)
	}
	if u, _ := c.server.User("ada"); !cmp.Equal([]string{"g"}, u.Groups) {
		t.Errorf("ada is in %v", u.Groups)
	}
	c.Want(http.StatusRequestEntityTooLarge, "POST", "/Bulk", bulk(add("a", "1"), add("b", "2"), add("c", "3"), add("d", "4")))
	for _, tells := range []bool{false, true} {
		c = quirky(t, func(q *quirks) { q.Bulk, q.BulkTells = 1, tells })
		told := c.Want(http.StatusOK, "POST", "/Bulk", bulk(add("a", "ada")))
		if strings.Contains(string(told.Raw), `"userName":"ada"`) != tells {
			t.Errorf("that a bulk tells what it made is not %t: %s", tells, told.Raw)
		}
	}
}

func TestStaleReads(t *testing.T) {
	c := quirky(t, func(q *quirks) { q.StaleReads = 2 })
	id := c.User("ada", nil)
	c.Want(http.StatusNotFound, "GET", rawscim.At("Users", id), nil)
	if a := c.Want(http.StatusOK, "GET", "/Users", nil); a.Total() != 0 {
		t.Errorf("the second read sees %v", a.Names())
	}
	c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", id), nil)
	c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	c.server.Settle()
	c.Want(http.StatusNotFound, "GET", rawscim.At("Users", id), nil)
}

func TestKnownProvidersTakeAUser(t *testing.T) {
	for name, q := range scimserver.Known() {
		t.Run(name, func(t *testing.T) {
			c := start(t, scimserver.Options{Quirks: q})
			id := c.User("ada", map[string]any{"externalId": "1"})
			got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
			if rawscim.Text(got.Body, "userName") != "ada" {
				t.Errorf("it is told as %s", got.Raw)
			}
		})
	}
}
