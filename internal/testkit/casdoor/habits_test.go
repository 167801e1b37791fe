package casdoor_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit/casdoor"
	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
)

type object = rawscim.Object

func start(t *testing.T) (*casdoor.Server, *rawscim.Client) {
	t.Helper()
	s := casdoor.Start(t)
	return s, rawscim.New(t, s.URL(), s.Token())
}

// user is a body with what Casdoor insists on.
func user(name string, more object) object {
	body := object{
		"schemas": []string{rawscim.UserSchema}, "userName": name,
		rawscim.EnterpriseSchema: object{"organization": casdoor.Organization},
	}
	maps.Copy(body, more)
	return body
}

// Each of these habits is told in the package comment; when a new version of
// Casdoor has lost one, the comment has to say so.
func TestWhoIsLetIn(t *testing.T) {
	s, c := start(t)
	c.Want(http.StatusOK, "GET", "/Users", nil)
	for name, header := range map[string]string{"nobody": "", "a wrong token": "Bearer wrong"} {
		c.Header.Set("Authorization", header)
		for method, path := range map[string]string{"GET": "/Users", "POST": "/Users", "DELETE": "/Users/x"} {
			a := c.Want(http.StatusOK, method, path, nil)
			isSCIM := strings.HasPrefix(a.Header.Get("Content-Type"), "application/scim+json")
			if isSCIM || rawscim.Text(a.Body, "status") != "error" || a.Body["schemas"] != nil {
				t.Errorf("%s: %s is answered with %s", name, method, a.Raw)
			}
		}
	}
	basic := http.Request{Header: http.Header{}}
	basic.SetBasicAuth(casdoor.ClientID, s.ClientSecret())
	c.Header.Set("Authorization", basic.Header.Get("Authorization"))
	if a := c.Want(http.StatusOK, "GET", "/Users", nil); rawscim.Text(a.Body, "status") != "error" {
		t.Errorf("an application by itself is let in: %s", a.Raw)
	}
	if a := c.Want(http.StatusOK, "GET", "/Users?userId=rollcall/provisioning", nil); len(a.Resources()) != 2 {
		t.Errorf("an application in the name of an administrator sees %s", a.Raw)
	}
	c.Header.Set("Authorization", "Bearer "+fetchToken(t, s))
	if got := c.Want(http.StatusOK, "GET", "/Users?count=1", nil); len(got.Resources()) != 1 {
		t.Errorf("with a token for client credentials: %s", got.Raw)
	}
}

func fetchToken(t *testing.T, s *casdoor.Server) string {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {casdoor.ClientID}, "client_secret": {s.ClientSecret()},
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.TokenURL(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&token); err != nil || token.Access == "" {
		t.Fatalf("no token: %v", err)
	}
	return token.Access
}

func TestWhatItTellsOfItself(t *testing.T) {
	_, c := start(t)
	config := c.Want(http.StatusOK, "GET", "/ServiceProviderConfig", nil)
	for name, want := range map[string]bool{"patch": true, "bulk": false, "filter": false, "etag": false, "sort": false} {
		if rawscim.Sub(config.Body, name)["supported"] != want {
			t.Errorf("%s is %v", name, config.Body[name])
		}
	}
	if types := c.Want(http.StatusOK, "GET", "/ResourceTypes", nil); len(types.Resources()) != 1 {
		t.Errorf("the resource types are %s", types.Raw)
	}
	c.Want(http.StatusNotFound, "GET", "/Groups", nil)
	c.Want(http.StatusNotFound, "POST", "/Bulk", object{})
	c.Want(http.StatusNotFound, "POST", "/Groups", object{"schemas": []string{rawscim.GroupSchema}, "displayName": "g"})
	schema := c.Want(http.StatusOK, "GET", "/Schemas/"+rawscim.UserSchema, nil)
	var known []string
	for _, one := range rawscim.List(schema.Body, "attributes") {
		if m, ok := one.(object); ok {
			known = append(known, rawscim.Text(m, "name"))
		}
	}
	slices.Sort(known)
	want := []string{
		"addresses", "displayName", "emails", "externalId", "name", "password", "phoneNumbers", "photos", "profileUrl",
		"userName", "userType",
	}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("the attributes of users (-want +got):\n%s", diff)
	}
}

func TestListings(t *testing.T) {
	_, c := start(t)
	for i := range 3 {
		c.Want(http.StatusCreated, "POST", "/Users", user(fmt.Sprintf("u%d", i), nil))
	}
	all := c.Want(http.StatusOK, "GET", "/Users", nil).Names()
	slices.Sort(all)
	if diff := cmp.Diff([]string{"admin", "provisioning", "u0", "u1", "u2"}, all); diff != "" {
		t.Errorf("all organizations are listed (-want +got):\n%s", diff)
	}
	tests := map[string]struct {
		query            string
		resources, total int
		reason           string
	}{
		"page":     {"startIndex=1&count=2", 2, 2, "totalResults is the page's size"},
		"last":     {"startIndex=5&count=2", 1, 1, "indexes begin at 1"},
		"past":     {"startIndex=6&count=2", 0, 0, ""},
		"count 0":  {"count=0", 0, 5, "only here it is the number of users, of all organizations"},
		"filter":   {"filter=" + url.QueryEscape(`userName eq "u1"`), 5, 5, "filters are ignored"},
		"nobody":   {"filter=" + url.QueryEscape(`userName eq "nobody"`), 5, 5, "filters are ignored"},
		"selected": {"attributes=userName", 5, 5, ""},
	}
	for name, test := range tests {
		a := c.Want(http.StatusOK, "GET", "/Users?"+test.query, nil)
		if len(a.Resources()) != test.resources || a.Total() != test.total {
			t.Errorf("%s: %d of %d, want %d of %d: %s", name, len(a.Resources()), a.Total(), test.resources, test.total, test.reason)
		}
	}
	if one := c.Want(http.StatusOK, "GET", "/Users?attributes=userName", nil).Resources()[0]; one["emails"] == nil {
		t.Error("attributes are selected")
	}
	if a := c.Want(http.StatusOK, "GET", "/Users?count=1000", nil); !cmp.Equal(a.Body["itemsPerPage"], any(100.0)) {
		t.Errorf("a page of %v", a.Body["itemsPerPage"])
	}
	for _, wrong := range []string{"nonsense", "active eq true", `id eq "x"`} {
		if a := c.Want(http.StatusBadRequest, "GET", rawscim.Filtered("Users", wrong), nil); a.SCIMType() != "invalidFilter" {
			t.Errorf("%s is refused with %s", wrong, a.Raw)
		}
	}
}

func TestWritingUsers(t *testing.T) {
	_, c := start(t)
	created := c.Want(http.StatusCreated, "POST", "/Users", user("ada", object{
		"externalId": "1", "active": false, "title": "Countess", "displayName": "Ada",
		"emails": []any{object{"value": "ada@example.com", "type": "work", "primary": true}},
	}))
	id := created.ID()
	if !cmp.Equal(created.Body["active"], any(true)) || created.Body["title"] != nil || rawscim.Text(created.Body, "externalId") != "1" {
		t.Errorf("active and title are ignored: %s", created.Raw)
	}
	if diff := cmp.Diff([]any{object{"value": "ada@example.com"}}, created.Body["emails"]); diff != "" {
		t.Errorf("an email is its value (-want +got):\n%s", diff)
	}
	if got := rawscim.Text(created.Body, "meta/location"); got != "Users/"+id {
		t.Errorf("meta.location is %q", got)
	}
	if a := c.Want(http.StatusConflict, "POST", "/Users", user("ada", nil)); a.SCIMType() != "uniqueness" {
		t.Errorf("a second ada is refused with %s", a.Raw)
	}
	c.Want(http.StatusCreated, "POST", "/Users", user("ADA", object{"externalId": "1"}))
	c.Want(http.StatusInternalServerError, "POST", "/Users", object{"schemas": []string{rawscim.UserSchema}, "userName": "bob"})
	c.Want(http.StatusInternalServerError, "POST", "/Users", user("bob", object{rawscim.EnterpriseSchema: object{"organization": "other"}}))

	put := c.Want(http.StatusOK, "PUT", rawscim.At("Users", id), user("ada", object{"displayName": "Put", "externalId": "2"}))
	if put.Body["active"] != nil {
		t.Errorf("the answer to PUT tells more than what was sent: %s", put.Raw)
	}
	got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	if rawscim.Text(got.Body, "displayName") != "Put" || rawscim.Text(got.Body, "externalId") != "1" {
		t.Errorf("PUT keeps the externalId, and answers as if it did not: %s", got.Raw)
	}
	c.Want(http.StatusNoContent, "DELETE", rawscim.At("Users", id), nil)
	c.Want(http.StatusNotFound, "DELETE", rawscim.At("Users", id), nil)
	c.Want(http.StatusNotFound, "GET", rawscim.At("Users", id), nil)
}

func TestPatches(t *testing.T) {
	_, c := start(t)
	id := c.Want(http.StatusCreated, "POST", "/Users", user("ada", object{
		"externalId": "1", "emails": []any{object{"value": "ada@example.com"}},
	})).ID()
	tests := map[string]struct {
		op     object
		status int
		// path and want are what is read afterwards.
		path, want string
	}{
		"displayName":    {rawscim.Op("replace", "displayName", "A"), 200, "displayName", "A"},
		"part of a name": {rawscim.Op("replace", "name.givenName", "Ada"), 200, "name/givenName", "Ada"},
		"externalId":     {rawscim.Op("replace", "externalId", "2"), 200, "externalId", "1"},
		"active":         {rawscim.Op("replace", "active", false), 400, "", ""},
		"title":          {rawscim.Op("replace", "title", "Countess"), 400, "", ""},
		"no path":        {rawscim.Op("replace", "", object{"displayName": "B"}), 500, "displayName", "A"},
		"picked email":   {rawscim.Op("replace", `emails[type eq "work"].value`, "x@example.com"), 400, "", ""},
	}
	for _, name := range []string{"displayName", "part of a name", "externalId", "active", "title", "no path", "picked email"} {
		test := tests[name]
		answer := c.Want(test.status, "PATCH", rawscim.At("Users", id), rawscim.Operations(test.op))
		if name == "externalId" && rawscim.Text(answer.Body, "externalId") != "2" {
			t.Errorf("the answer tells what is: %s", answer.Raw)
		}
		got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
		if test.path != "" && rawscim.Text(got.Body, test.path) != test.want {
			t.Errorf("%s: %s is not %q: %s", name, test.path, test.want, got.Raw)
		}
	}
	patched := rawscim.Op("add", "emails", []any{object{"value": "second@example.com"}})
	c.Want(http.StatusOK, "PATCH", rawscim.At("Users", id), rawscim.Operations(patched))
	got := c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	if diff := cmp.Diff([]string{"second@example.com"}, rawscim.Values(got.Body, "emails")); diff != "" {
		t.Errorf("add replaces, and there is one email (-want +got):\n%s", diff)
	}
	renamed := c.Want(http.StatusOK, "PATCH", rawscim.At("Users", id), rawscim.Operations(rawscim.Op("replace", "userName", "eve")))
	got = c.Want(http.StatusOK, "GET", rawscim.At("Users", id), nil)
	if rawscim.Text(renamed.Body, "userName") != "eve" || rawscim.Text(got.Body, "userName") != "eve" {
		t.Errorf("renamed, it is %s", got.Raw)
	}
	c.Want(http.StatusNotFound, "PATCH", "/Users/nobody", rawscim.Operations(rawscim.Op("replace", "displayName", "x")))
}

// Casdoor listens on all interfaces, but on those of a network of its own.
func TestItIsNotReachableFromOutside(t *testing.T) {
	s, _ := start(t)
	tcp, err := os.ReadFile("/proc/net/tcp6")
	if err != nil {
		t.Fatal(err)
	}
	// 18000 is 4650 in the hexadecimal of that file.
	if strings.Contains(string(tcp), ":4650 ") {
		t.Error("its port is open in the machine's network")
	}
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("tests reach it at %s", s.URL())
	}
}
