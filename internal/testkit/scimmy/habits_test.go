package scimmy_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimmy"
)

func TestUsersGroupsFiltersAndPages(t *testing.T) {
	c := start(t)
	ada := c.User("ada", rawscim.Object{
		"externalId": "1", "emails": []any{rawscim.Object{"value": "ada@example.com", "type": "work"}},
		rawscim.EnterpriseSchema: rawscim.Object{"department": "Engines"},
	})
	bob := c.User("bob", nil)
	group := c.Group("Engines", ada)
	if got := rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Users", ada), nil).Body, "groups"); !cmp.Equal([]string{group}, got) {
		t.Errorf("ada is in %v", got)
	}
	taken := c.Want(http.StatusConflict, "POST", "/Users", rawscim.Object{"schemas": []string{rawscim.UserSchema}, "userName": "ADA"})
	if taken.SCIMType() != "uniqueness" {
		t.Errorf("a second ada is refused with %s", taken.Raw)
	}
	filters := map[string]struct {
		kind, filter string
		want         []string
	}{
		"name":       {"Users", `userName eq "ada"`, []string{"ada"}},
		"externalId": {"Users", `externalId eq "1"`, []string{"ada"}},
		"list":       {"Users", `emails.value eq "ada@example.com"`, []string{"ada"}},
		"groups":     {"Users", fmt.Sprintf("groups.value eq %q", group), []string{"ada"}},
		"starts":     {"Users", `userName sw "b"`, []string{"bob"}},
		"members":    {"Groups", fmt.Sprintf("members.value eq %q", ada), []string{"Engines"}},
		"nobody":     {"Users", `userName eq "nobody"`, []string{}},
	}
	for name, test := range filters {
		if got := c.Want(http.StatusOK, "GET", rawscim.Filtered(test.kind, test.filter), nil).Names(); !cmp.Equal(test.want, got) {
			t.Errorf("%s: %s finds %v, not %v", name, test.filter, got, test.want)
		}
	}
	c.Want(http.StatusOK, "PATCH", rawscim.At("Users", ada), rawscim.Operations(
		rawscim.Op("replace", "active", false), rawscim.Op("replace", rawscim.EnterpriseSchema+":department", "Looms"),
	))
	patched := c.Want(http.StatusOK, "GET", rawscim.At("Users", ada), nil)
	if !cmp.Equal(patched.Body["active"], any(false)) || rawscim.Text(patched.Body, rawscim.EnterpriseSchema+"/department") != "Looms" {
		t.Errorf("after PATCH: %s", patched.Raw)
	}
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("add", "members", rawscim.References(bob))))
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", ada), nil)
	c.Want(http.StatusNotFound, "GET", rawscim.At("Users", ada), nil)
	if got := rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Groups", group), nil).Body, "members"); !cmp.Equal([]string{bob}, got) {
		t.Errorf("after ada has gone, the group has %v", got)
	}
}

func TestPagesAtEveryIndex(t *testing.T) {
	c := start(t)
	const all = 7
	for i := range all {
		c.User(fmt.Sprintf("u%d", i), nil)
	}
	for first := 1; first <= all+1; first++ {
		for count := 0; count <= all; count++ {
			want := []string{}
			for i := first - 1; i < min(first-1+count, all); i++ {
				want = append(want, fmt.Sprintf("u%d", i))
			}
			a := c.Want(http.StatusOK, "GET", fmt.Sprintf("/Users?startIndex=%d&count=%d", first, count), nil)
			if diff := cmp.Diff(want, a.Names()); diff != "" || a.Total() != all {
				t.Errorf("%d from %d, of %d (-want +got):\n%s", count, first, a.Total(), diff)
			}
		}
	}
}

func TestDiscovery(t *testing.T) {
	c := start(t)
	config := c.Want(http.StatusOK, "GET", "/ServiceProviderConfig", nil)
	for name, want := range map[string]bool{"patch": true, "bulk": true, "filter": true, "sort": true, "etag": false} {
		if rawscim.Sub(config.Body, name)["supported"] != want {
			t.Errorf("%s is %v", name, config.Body[name])
		}
	}
	if got := len(c.Want(http.StatusOK, "GET", "/ResourceTypes", nil).Resources()); got != 2 {
		t.Errorf("%d resource types", got)
	}
	c.Want(http.StatusOK, "GET", "/Schemas/"+rawscim.EnterpriseSchema, nil)
	c.Header.Set("Authorization", "Bearer wrong")
	c.Want(http.StatusUnauthorized, "GET", "/Users", nil)
}

// Each habit is one that a client has to live with; when a new version of scimmy
// has lost it, the package comment has to say so.
func TestHabits(t *testing.T) {
	c := start(t)
	ada := c.User("ada", rawscim.Object{rawscim.EnterpriseSchema: rawscim.Object{"department": "Engines"}})
	group := c.Group("Engines", ada)
	found := func(filter string) int {
		return c.Want(http.StatusOK, "GET", rawscim.Filtered("Users", filter), nil).Total()
	}
	if got := found(`userName eq "ADA"`); got != 0 {
		t.Errorf("a filter on userName minds the case no longer: %d", got)
	}
	if got := found(rawscim.EnterpriseSchema + `:department eq "Engines"`); got != 0 {
		t.Errorf("an extension can be filtered by: %d", got)
	}
	c.Want(http.StatusInternalServerError, "GET", rawscim.Filtered("Users", "nonsense"), nil)
	c.Want(http.StatusNoContent, "PATCH", rawscim.At("Users", ada), rawscim.Operations(rawscim.Op("replace", "active", true)))
	members := func() []string {
		return rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Groups", group), nil).Body, "members")
	}
	bob := c.User("bob", nil)
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("add", "members", rawscim.References(bob, ada))))
	if diff := cmp.Diff([]string{ada, bob}, members()); diff != "" {
		t.Errorf("a member twice (-want +got):\n%s", diff)
	}
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("remove", "members", rawscim.References(bob))))
	if diff := cmp.Diff([]string{ada}, members()); diff != "" {
		t.Errorf("removal by value (-want +got):\n%s", diff)
	}
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group), rawscim.Operations(rawscim.Op("remove", fmt.Sprintf("members[value eq %q]", ada), nil)))
	if got := members(); len(got) != 0 {
		t.Errorf("removal by filter leaves %v", got)
	}
	for i := range 21 {
		c.User(fmt.Sprintf("u%d", i), nil)
	}
	if a := c.Want(http.StatusOK, "GET", "/Users", nil); len(a.Names()) != 20 || a.Total() != 23 {
		t.Errorf("a page has %d of %d", len(a.Names()), a.Total())
	}
}

func TestServersAreApart(t *testing.T) {
	one, other := start(t), start(t)
	one.User("ada", nil)
	if got := other.Want(http.StatusOK, "GET", "/Users", nil).Total(); got != 0 {
		t.Errorf("the other server has %d users", got)
	}
}

func start(t *testing.T) *rawscim.Client {
	t.Helper()
	s := scimmy.Start(t)
	return rawscim.New(t, s.URL(), s.Token())
}
