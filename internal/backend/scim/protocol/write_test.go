package protocol_test

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func quoteJSON(s string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func path(text string) protocol.Path { return protocol.MustPath(text) }

func deactivate() []protocol.Operation {
	return []protocol.Operation{{Op: protocol.OpReplace, Path: path("active"), Value: protocol.Bool(false)}}
}

// normal makes bodies comparable.
func normal(t *testing.T, body string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

func wantBody(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(normal(t, want), normal(t, got)); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestCreateSendsTheDraftAndReturnsWhatWasStored(t *testing.T) {
	p := newProvider(t)
	p.on("POST /Users", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `W/"2"`)
		respond(w, 201, userJSON(1))
	})
	d := protocol.NewDraft(protocol.Users)
	for text, value := range map[string]protocol.Value{
		"userName": protocol.String("ada"), "name.givenName": protocol.String("Ada"), "active": protocol.Bool(true),
		`emails[type eq "work" and primary eq true].value`: protocol.String("a<b"), protocol.EnterpriseSchema + ":department": protocol.String("R&D"),
		"title": {}, "urn:x:empty:a": {},
	} {
		if err := d.Set(path(text), value); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.client().Create(t.Context(), d)
	if err != nil || got.ID() != "u1" || got.Version() != `W/"2"` || got.Whole() {
		t.Errorf("got %q version %q whole %v, %v", got.ID(), got.Version(), got.Whole(), err)
	}
	sent := p.requests()[0]
	wantBody(t, sent.Body, `{"schemas":["`+protocol.UserSchema+`","`+protocol.EnterpriseSchema+`"],"userName":"ada","name":{"givenName":"Ada"},"active":true,
		"emails":[{"type":"work","primary":true,"value":"a<b"}],"`+protocol.EnterpriseSchema+`":{"department":"R&D"}}`)
	if got := sent.Header.Get("Content-Type"); got != "application/scim+json" {
		t.Errorf("content type %q", got)
	}
	if got := sent.Header.Get("Authorization"); got != "Bearer hush-hush" {
		t.Errorf("authorization %q", got)
	}
}

func TestPatchSendsMinimalOperations(t *testing.T) {
	p := newProvider(t)
	p.config(`{"patch":{"supported":true},"etag":{"supported":true}}`)
	p.on("PATCH /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	p.answers("GET /Users/", 200, userJSON(1))
	c := p.client()
	request := protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Version: `W/"1"`, Operations: []protocol.Operation{
		{Op: protocol.OpReplace, Path: path("active"), Value: protocol.Bool(false)},
		{Op: protocol.OpRemove, Path: path(`emails[type eq "home"]`)},
		{Op: protocol.OpReplace, Path: path("title")},
	}}
	got, err := c.Patch(t.Context(), request)
	if err != nil || got.ID() != "" {
		t.Errorf("a result that was not wanted: %q, %v", got.ID(), err)
	}
	sent := p.requests()[0]
	wantBody(t, sent.Body, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
		{"op":"replace","path":"active","value":false},{"op":"remove","path":"emails[type eq \"home\"]"},{"op":"remove","path":"title"}]}`)
	if sent.Header.Get("If-Match") != `W/"1"` || len(p.requests()) != 1 {
		t.Errorf("If-Match %q, %d requests", sent.Header.Get("If-Match"), len(p.requests()))
	}
	request.Result = true
	if got, err := c.Patch(t.Context(), request); err != nil || got.ID() != "u1" || !got.Whole() {
		t.Errorf("after 204 the result was not read: %q, %v", got.ID(), err)
	}
	p.answers("PATCH /Users/", 200, userJSON(1))
	p.reset()
	if got, err := c.Patch(t.Context(), request); err != nil || got.ID() != "u1" || len(p.requests()) != 1 {
		t.Errorf("the result of 200 was not used: %q, %v, %v", got.ID(), err, p.lines())
	}
	p.answers("PATCH /Users/", 412, ``)
	_, err = c.Patch(t.Context(), request)
	wantKind(t, err, directory.KindConflict)
	for _, bad := range [][]protocol.Operation{nil, {{Op: protocol.OpAdd, Value: protocol.Bool(true)}}, {{Op: "move", Path: path("active")}}, {{Op: protocol.OpAdd, Path: path("title")}}} {
		_, err = c.Patch(t.Context(), protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: bad})
		wantKind(t, err, directory.KindInvalid)
	}
}

func TestVersionsAreSentOnlyWhenTheyAreOffered(t *testing.T) {
	p := newProvider(t)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for setting, want := range map[protocol.Setting]string{protocol.AsDiscovered: "", protocol.No: "", protocol.Yes: `"1"`} {
		p.reset()
		c := p.client(overriding(protocol.Overrides{ETag: setting}))
		if err := c.Delete(t.Context(), protocol.Users, "u1", `"1"`); err != nil {
			t.Fatal(err)
		}
		if got := p.requests()[0].Header.Get("If-Match"); got != want {
			t.Errorf("setting %d: If-Match %q, want %q", setting, got, want)
		}
	}
}

func TestDelete(t *testing.T) {
	p := newProvider(t)
	p.answers("DELETE /Users/", 404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`)
	wantKind(t, p.client().Delete(t.Context(), protocol.Users, "u1", ""), directory.KindNotFound)
	p.reset()
	c := p.client(overriding(protocol.Overrides{Delete: protocol.No}))
	wantKind(t, c.Delete(t.Context(), protocol.Users, "u1", ""), directory.KindUnsupported)
	if got := p.lines(); got != nil {
		t.Errorf("deleting is switched off, and yet: %v", got)
	}
}

// whole is a user with what only the service provider writes and what we do not know.
const whole = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:custom"],"id":"u1","userName":"ada","active":true,
	"meta":{"version":"\"7\""},"groups":[{"value":"g"}],"shoeSize":44,"urn:custom":{"kept":"yes"},"emails":[{"value":"one","type":"work"}]}`

func TestReplaceKeepsWhatItDoesNotKnow(t *testing.T) {
	p := newProvider(t)
	p.config(`{"patch":{"supported":false},"etag":{"supported":true}}`)
	p.answers("GET /Users/", 200, whole)
	p.answers("PUT /Users/", 200, whole)
	c := p.client()
	read, err := get(t, c, "u1")
	if err != nil {
		t.Fatal(err)
	}
	edit := func(d *protocol.Draft) error { return d.Set(path("active"), protocol.Bool(false)) }
	if got, err := c.Replace(t.Context(), read, edit); err != nil || got.ID() != "u1" {
		t.Fatalf("got %q, %v", got.ID(), err)
	}
	sent := p.requests()[1]
	wantBody(t, sent.Body, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:custom"],"id":"u1","userName":"ada","active":false,
		"shoeSize":44,"urn:custom":{"kept":"yes"},"emails":[{"value":"one","type":"work"}]}`)
	if sent.Header.Get("If-Match") != `"7"` {
		t.Errorf("If-Match %q", sent.Header.Get("If-Match"))
	}
	if active, _ := read.At(path("active")).Bool(); !active {
		t.Error("the edit reached the resource that was read")
	}
	p.answers("PUT /Users/", 412, "")
	_, err = c.Replace(t.Context(), read, edit)
	wantKind(t, err, directory.KindConflict)
}

func TestPromise_ReplaceRefusesWhatWasNotJustReadWhole(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, whole)
	p.answers("GET /Users", 200, listJSON(1, "", whole))
	c := p.client()
	page, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users})
	if err != nil {
		t.Fatal(err)
	}
	partial, err := c.Get(t.Context(), protocol.GetRequest{Kind: protocol.Users, ID: "u1", Attributes: []protocol.Path{path("userName")}})
	if err != nil {
		t.Fatal(err)
	}
	excluding, err := c.Get(t.Context(), protocol.GetRequest{Kind: protocol.Users, ID: "u1", Excluded: []protocol.Path{path("emails")}})
	if err != nil {
		t.Fatal(err)
	}
	old, err := get(t, c, "u1")
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, r protocol.Resource) {
		t.Helper()
		_, err := c.Replace(t.Context(), r, func(*protocol.Draft) error { return nil })
		if !directory.IsKind(err, directory.KindInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, r := range map[string]protocol.Resource{"none": {}, "listed": page.Resources[0], "partial": partial, "excluding": excluding} {
		refused(name, r)
	}
	p.clock.Step(61 * time.Second)
	refused("old", old)
	for _, line := range p.lines() {
		if strings.HasPrefix(line, "PUT") {
			t.Errorf("a request was made: %s", line)
		}
	}
}

func TestUpdateUsesPutOnlyWherePatchIsNotSupported(t *testing.T) {
	deactivation := protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: deactivate(), Result: true}
	for name, tt := range map[string]struct {
		reason string
		config string
		o      protocol.Overrides
		status int
		want   []string
		kind   directory.Kind
	}{
		"supported":   {"PATCH is all it takes", `{"patch":{"supported":true}}`, protocol.Overrides{}, 200, []string{"PATCH /Users/u1"}, ""},
		"discovered":  {"it says so", `{"patch":{"supported":false}}`, protocol.Overrides{}, 0, []string{"GET /Users/u1", "PUT /Users/u1"}, ""},
		"configured":  {"we were told so", `{"patch":{"supported":true}}`, protocol.Overrides{Patch: protocol.No}, 0, []string{"GET /Users/u1", "PUT /Users/u1"}, ""},
		"answered":    {"501 shows it", `{"patch":{"supported":true}}`, protocol.Overrides{}, 501, []string{"PATCH /Users/u1", "GET /Users/u1", "PUT /Users/u1"}, ""},
		"not allowed": {"405 shows it", `{}`, protocol.Overrides{}, 405, []string{"PATCH /Users/u1", "GET /Users/u1", "PUT /Users/u1"}, ""},
		"invalid":     {"400 does not show it", `{}`, protocol.Overrides{}, 400, []string{"PATCH /Users/u1"}, directory.KindInvalid},
		"failing":     {"500 does not show it", `{}`, protocol.Overrides{}, 500, []string{"PATCH /Users/u1"}, directory.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.config(tt.config)
			p.answers("PATCH /Users/", tt.status, whole)
			p.answers("GET /Users/", 200, whole)
			p.answers("PUT /Users/", 200, whole)
			c := p.client(overriding(tt.o))
			got, err := c.Update(t.Context(), deactivation)
			if directory.KindOf(err) != tt.kind || err == nil && got.ID() != "u1" {
				t.Fatalf("%s: %q, %v", tt.reason, got.ID(), err)
			}
			if diff := cmp.Diff(tt.want, p.lines()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
			if p.reset(); tt.status == 501 {
				_, _ = c.Update(t.Context(), deactivation)
				if diff := cmp.Diff(tt.want[1:], p.lines()); diff != "" {
					t.Errorf("it was not remembered (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestUpdateWithoutPatchWritesNothingWhenNothingChanges(t *testing.T) {
	p := newProvider(t)
	p.config(`{"patch":{"supported":false},"etag":{"supported":true}}`)
	p.answers("GET /Users/", 200, whole)
	c := p.client()
	request := protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: []protocol.Operation{{Op: protocol.OpReplace, Path: path("active"), Value: protocol.Bool(true)}}}
	if got, err := c.Update(t.Context(), request); err != nil || got.ID() != "u1" {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GET /Users/u1"}, p.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	request.Version = `"6"`
	_, err := c.Update(t.Context(), request)
	wantKind(t, err, directory.KindConflict)
}

func TestAGroupThatIsNotSupportedIsNotAskedFor(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /ResourceTypes", 200, listJSON(1, "", `{"id":"User","name":"User","endpoint":"/Users","schema":"`+protocol.UserSchema+`"}`))
	c := p.client()
	_, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Groups})
	wantKind(t, err, directory.KindUnsupported)
	_, err = c.Create(t.Context(), protocol.NewDraft(protocol.Groups))
	wantKind(t, err, directory.KindUnsupported)
	wantKind(t, c.ChangeMembers(t.Context(), protocol.MemberChange{Group: "g", Add: []string{"u"}}), directory.KindUnsupported)
	if got := p.lines(); got != nil {
		t.Errorf("requests: %v", got)
	}
}
