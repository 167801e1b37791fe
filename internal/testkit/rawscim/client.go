package rawscim

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The schemas that every test speaks of.
const (
	UserSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)

// Object is a JSON object.
type Object = map[string]any

// Client speaks for one test.
type Client struct {
	tb  testing.TB
	url string
	// HTTP follows no redirects.
	HTTP *http.Client
	// Header goes with every request.
	Header http.Header
}

// New is a client of the SCIM endpoints below a URL. An empty token is none.
func New(tb testing.TB, base, token string) *Client {
	tb.Helper()
	transport := &http.Transport{}
	tb.Cleanup(transport.CloseIdleConnections)
	c := &Client{tb: tb, url: base, Header: http.Header{}, HTTP: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if token != "" {
		c.Header.Set("Authorization", "Bearer "+token)
	}
	return c
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	// Body is nil when it is no JSON object; Raw is it as it came.
	Body Object
	Raw  []byte
}

// Do sends a request with a JSON body, or without one when it is nil.
func (c *Client) Do(method, path string, body Object) Answer {
	c.tb.Helper()
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			c.tb.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(c.tb.Context(), method, c.url+path, bytes.NewReader(encoded))
	if err != nil {
		c.tb.Fatal(err)
	}
	request.Header = c.Header.Clone()
	request.Header.Set("Content-Type", "application/scim+json")
	response, err := c.HTTP.Do(request)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.tb.Fatal(err)
	}
	a := Answer{Status: response.StatusCode, Header: response.Header, Raw: raw}
	if json.Unmarshal(raw, &a.Body) != nil {
		a.Body = nil
	}
	return a
}

// Want does the request, and fails the test unless the answer has the status.
func (c *Client) Want(status int, method, path string, body Object) Answer {
	c.tb.Helper()
	a := c.Do(method, path, body)
	if a.Status != status {
		c.tb.Fatalf("%s %s is answered with %d, not %d: %s", method, path, a.Status, status, a.Raw)
	}
	return a
}

// User creates an active user with more attributes, and returns its id.
func (c *Client) User(userName string, more Object) string {
	c.tb.Helper()
	body := Object{"schemas": []string{UserSchema, EnterpriseSchema}, "userName": userName, "active": true}
	maps.Copy(body, more)
	return c.Want(http.StatusCreated, "POST", "/Users", body).ID()
}

// Group creates a group of members, and returns its id.
func (c *Client) Group(displayName string, members ...string) string {
	c.tb.Helper()
	body := Object{"schemas": []string{GroupSchema}, "displayName": displayName}
	if len(members) > 0 {
		body["members"] = References(members...)
	}
	return c.Want(http.StatusCreated, "POST", "/Groups", body).ID()
}

// References are members, by their ids.
func References(ids ...string) []any {
	list := []any{}
	for _, id := range ids {
		list = append(list, Object{"value": id})
	}
	return list
}

// Operations are the body of a PATCH.
func Operations(ops ...Object) Object {
	return Object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, "Operations": ops}
}

// Op is one operation; an empty path and a nil value are left out.
func Op(op, path string, value any) Object {
	m := Object{"op": op}
	if path != "" {
		m["path"] = path
	}
	if value != nil {
		m["value"] = value
	}
	return m
}

// At is the path of a resource of a kind, such as "Users".
func At(kind, id string) string { return "/" + kind + "/" + url.PathEscape(id) }

// Filtered is the path of a listing with a filter.
func Filtered(kind, filter string) string { return "/" + kind + "?filter=" + url.QueryEscape(filter) }

// ID of the resource.
func (a Answer) ID() string { return Text(a.Body, "id") }

// Total is totalResults; -1 when it is not there.
func (a Answer) Total() int {
	n, ok := a.Body["totalResults"].(float64)
	if !ok {
		return -1
	}
	return int(n)
}

// SCIMType of an error.
func (a Answer) SCIMType() string { return Text(a.Body, "scimType") }

// Names are the userNames or displayNames of a listing.
func (a Answer) Names() []string {
	names := []string{}
	for _, r := range a.Resources() {
		name := Text(r, "userName")
		if name == "" {
			name = Text(r, "displayName")
		}
		names = append(names, name)
	}
	return names
}

// Resources of a listing.
func (a Answer) Resources() []Object {
	var resources []Object
	for _, one := range List(a.Body, "Resources") {
		if m, ok := one.(Object); ok {
			resources = append(resources, m)
		}
	}
	return resources
}

// Values are the "value"s of an attribute that is a list of references.
func Values(resource Object, name string) []string {
	values := []string{}
	for _, one := range List(resource, name) {
		if m, ok := one.(Object); ok {
			values = append(values, Text(m, "value"))
		}
	}
	return values
}

// Text is the string at a path of names, such as "name/givenName"; empty when
// there is none.
func Text(m Object, path string) string {
	names := strings.Split(path, "/")
	for _, name := range names[:len(names)-1] {
		m = Sub(m, name)
	}
	s, ok := m[names[len(names)-1]].(string)
	if !ok {
		return ""
	}
	return s
}

// Sub is the object that an attribute is; nil when it is none.
func Sub(m Object, name string) Object {
	sub, ok := m[name].(Object)
	if !ok {
		return nil
	}
	return sub
}

// List is the list that an attribute is; nil when it is none.
func List(m Object, name string) []any {
	list, ok := m[name].([]any)
	if !ok {
		return nil
	}
	return list
}
