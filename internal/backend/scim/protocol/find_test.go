package protocol_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func named(id, userName, externalID, email string) string {
	return `{"schemas":["` + protocol.UserSchema + `"],"id":"` + id + `","userName":"` + userName + `","externalId":"` + externalID + `","emails":[{"value":"` + email + `"}]}`
}

func TestPromise_EveryMatchIsVerifiedOnOurSide(t *testing.T) {
	ada, upper, bob := named("1", "ada@x.org", "a", "ada@x.org"), named("2", "ADA@X.ORG", "A", "Ada@x.org"), named("3", "bob@x.org", "b", "bob@x.org")
	for name, tt := range map[string]struct {
		reason    string
		attribute string
		value     string
		returned  []string
		total     int
		want      []string
		trusted   bool
	}{
		"one":                {"filtered", "userName", "ada@x.org", []string{ada}, 1, []string{"1"}, true},
		"none":               {"filtered", "userName", "eve@x.org", nil, 0, nil, true},
		"userName any case":  {"RFC 7643 section 8.7.1", "userName", "Ada@x.org", []string{ada}, 1, []string{"1"}, true},
		"emails any case":    {"addresses", "emails.value", "ADA@x.org", []string{ada, upper}, 2, []string{"1", "2"}, true},
		"externalId exactly": {"RFC 7643 section 3.1; a database without case is no reason to distrust", "externalId", "a", []string{ada, upper}, 2, []string{"1"}, true},
		"ignored":            {"somebody else is returned", "userName", "ada@x.org", []string{ada, bob}, 2, []string{"1"}, false},
		"all but ours":       {"nobody matches", "userName", "eve@x.org", []string{ada, bob}, 2, nil, false},
		"not shown":          {"the attribute is missing, so that nobody can know", "userName", "ada@x.org", []string{`{"id":"9"}`}, 1, nil, false},
		"hidden":             {"more are told than shown", "userName", "ada@x.org", []string{ada}, 2, []string{"1"}, false},
		"no total":           {"a page that is not full", "userName", "ada@x.org", []string{ada}, -1, []string{"1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers("GET /Users", 200, listJSON(tt.total, "", tt.returned...))
			got, err := p.client().Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path(tt.attribute), Value: tt.value})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, ids(got.Resources)); diff != "" || got.Trusted != tt.trusted {
				t.Errorf("%s: trusted=%v, want %v (-want +got):\n%s", tt.reason, got.Trusted, tt.trusted, diff)
			}
		})
	}
}

func TestFindTakesOneRequestAndFollowsPages(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users", 200, listJSON(1, "", userJSON(1)))
	c := p.client()
	request := protocol.FindRequest{Kind: protocol.Users, Attribute: path("userName"), Value: `user1@example.com`, Attributes: []protocol.Path{path("active")}}
	if _, err := c.Find(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	want := []string{`GET /Users?attributes=active%2CuserName&count=100&filter=userName%20eq%20%22user1%40example.com%22&startIndex=1`}
	if diff := cmp.Diff(want, p.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	// Duplicate externalIds over several pages: all of them are wanted.
	var many []string
	for range 7 {
		many = append(many, named("d"+strings.Repeat("i", len(many)), "n", "same", "e"))
	}
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, _ := window(r)
		respond(w, 200, listJSON(7, "", slice(many, start, 3)...))
	})
	got, err := c.Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path("externalId"), Value: "same"})
	if err != nil || len(got.Resources) != 7 || !got.Trusted {
		t.Errorf("%d resources, trusted=%v, %v", len(got.Resources), got.Trusted, err)
	}
}

func TestAFilterThatIsIgnoredIsRememberedUntilItIsForgotten(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"ignored": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 200, listJSON(2, "", userJSON(1), userJSON(2)))
		},
		"refused":   func(w http.ResponseWriter, _ *http.Request) { respond(w, 400, `{"scimType":"invalidFilter"}`) },
		"bad":       func(w http.ResponseWriter, _ *http.Request) { respond(w, 400, `{"detail":"no"}`) },
		"too many":  func(w http.ResponseWriter, _ *http.Request) { respond(w, 400, `{"scimType":"tooMany"}`) },
		"sensitive": func(w http.ResponseWriter, _ *http.Request) { respond(w, 403, `{"scimType":"sensitive"}`) },
		"missing":   func(w http.ResponseWriter, _ *http.Request) { respond(w, 501, ``) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.on("GET /Users", answer)
			c := p.client()
			find := func(attribute string, requests int) {
				t.Helper()
				p.reset()
				got, err := c.Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path(attribute), Value: "user1@example.com"})
				if err != nil || got.Trusted || len(p.requests()) != requests {
					t.Errorf("trusted=%v, %v, %d requests, want %d", got.Trusted, err, len(p.requests()), requests)
				}
			}
			find("userName", 1)
			find("userName", 0)
			find("USERNAME", 0)
			find("externalId", 1)
			c.Forget()
			find("userName", 1)
		})
	}
	p := newProvider(t)
	got, err := p.client(overriding(protocol.Overrides{Filter: protocol.No})).Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path("userName"), Value: "a"})
	if err != nil || got.Trusted || p.lines() != nil {
		t.Errorf("filters are switched off: trusted=%v, %v, %v", got.Trusted, err, p.lines())
	}
}

func TestFindErrorsAreNotAnAnswer(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users", 503, "")
	c := p.client()
	request := protocol.FindRequest{Kind: protocol.Users, Attribute: path("userName"), Value: "a"}
	_, err := c.Find(t.Context(), request)
	wantKind(t, err, directory.KindUnavailable)
	p.answers("GET /Users", 200, listJSON(0, ""))
	if got, err := c.Find(t.Context(), request); err != nil || !got.Trusted {
		t.Errorf("a failure was taken for a missing filter: %+v, %v", got, err)
	}
	for name, bad := range map[string]protocol.FindRequest{
		"no value":     {Kind: protocol.Users, Attribute: path("userName")},
		"no attribute": {Kind: protocol.Users, Value: "a"},
		"value filter": {Kind: protocol.Users, Attribute: path(`emails[type eq "work"]`), Value: "a"},
		"not utf-8":    {Kind: protocol.Users, Attribute: path("userName"), Value: "\xff"},
	} {
		if _, err := c.Find(t.Context(), bad); !directory.IsKind(err, directory.KindInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilterValuesAreQuoted(t *testing.T) {
	for value, want := range map[string]string{
		`plain`:               `userName eq "plain"`,
		`a" or userName pr "`: `userName eq "a\" or userName pr \""`,
		`back\slash`:          `userName eq "back\\slash"`,
		"line\nfeed\x7f":      `userName eq "line\u000afeed\u007f"`,
		`o'brien <é> & co`:    `userName eq "o'brien <é> & co"`,
		"a b+c%20":            `userName eq "a b+c%20"`,
	} {
		p := newProvider(t)
		var got string
		p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.Query().Get("filter")
			respond(w, 200, listJSON(0, ""))
		})
		if _, err := p.client().Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path("userName"), Value: value}); err != nil || got != want {
			t.Errorf("filter %s, want %s (%v)", got, want, err)
		}
	}
}

func TestManyFindsDoNotDisturbAListing(t *testing.T) {
	p := newProvider(t)
	all := numbered(10)
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		if r.URL.Query().Has("filter") {
			respond(w, 200, listJSON(10, "", slice(all, start, 2)...)) // ignored
			return
		}
		respond(w, 200, honest(all)(start, count, 0))
	})
	c := p.client()
	page, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		attribute := "a" + strings.Repeat("b", i)
		if _, err := c.Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: path(attribute), Value: "v"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := walk(t, c, protocol.ListRequest{Kind: protocol.Users, Cursor: page.Next}); !got.Complete {
		t.Errorf("the listing is not complete: %s", got.Doubt)
	}
}
