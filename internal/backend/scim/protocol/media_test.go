package protocol_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// rename changes a user.
func rename() protocol.PatchRequest {
	return protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: []protocol.Operation{
		{Op: protocol.OpReplace, Path: path("title"), Value: protocol.String("Dr.")},
	}}
}

// contentTypes are those of the requests with a body.
func (p *provider) contentTypes() []string {
	var all []string
	for _, r := range p.requests() {
		if r.Body != "" {
			all = append(all, strings.TrimPrefix(r.Header.Get("Content-Type"), "application/"))
		}
	}
	return all
}

// RFC 7644 section 3.1 wants application/scim+json to be taken; who refuses it is
// asked once with application/json, and from then on, until that is forgotten.
func TestTheMediaTypeIsThatWhichIsTaken(t *testing.T) {
	for reason, test := range map[string]struct {
		takes []string
		want  []string
		kind  directory.Kind
	}{
		"both":    {[]string{"scim+json", "json"}, []string{"scim+json", "scim+json", "scim+json"}, ""},
		"json":    {[]string{"json"}, []string{"scim+json", "json", "json", "json"}, ""},
		"neither": {nil, []string{"scim+json", "json", "scim+json", "json", "scim+json", "json"}, directory.KindUnsupported},
	} {
		p := newProvider(t)
		p.config(`{"patch":{"supported":true}}`)
		p.on("PATCH /Users/", func(w http.ResponseWriter, r *http.Request) {
			if !slices.Contains(test.takes, strings.TrimPrefix(r.Header.Get("Content-Type"), "application/")) {
				w.WriteHeader(http.StatusUnsupportedMediaType)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
		c := p.client()
		for range 3 {
			if _, err := c.Patch(t.Context(), rename()); directory.KindOf(err) != test.kind {
				t.Errorf("%s: %v, want kind %q", reason, err, test.kind)
			}
		}
		if got := p.contentTypes(); !slices.Equal(got, test.want) {
			t.Errorf("%s: sent as %v, want %v", reason, got, test.want)
		}
		p.reset()
		c.Forget()
		_, _ = c.Patch(t.Context(), rename())
		if got := p.contentTypes(); len(got) == 0 || got[0] != "scim+json" {
			t.Errorf("%s: after it was forgotten, sent as %v", reason, got)
		}
	}
}

// What a change of a group is answered with is as large as the group, and nobody
// reads it; a page for people is no answer, however large.
func TestTheAnswerToAChangeOfAGroupMayBeLarge(t *testing.T) {
	for reason, test := range map[string]struct {
		contentType string
		kind        directory.Kind
	}{
		"the group": {"application/scim+json", ""},
		"a page":    {"text/html", directory.KindUnavailable},
	} {
		p := newProvider(t)
		p.config(`{"patch":{"supported":true}}`)
		p.on("PATCH /Groups/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", test.contentType)
			_, _ = w.Write([]byte(`{"id":"g1","members":"` + strings.Repeat("x", 32<<10) + `"}`))
		})
		c := p.client(func(o *protocol.Options) { o.MaxBody = 16 << 10 })
		err := c.ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Add: []string{"u1"}})
		if directory.KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %q", reason, err, test.kind)
		}
	}
}

// A resource that is too large is told as such.
func TestAResourceThatIsTooLarge(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Groups/", 200, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"g1","members":"`+strings.Repeat("x", 32<<10)+`"}`)
	c := p.client(func(o *protocol.Options) { o.MaxBody = 16 << 10 })
	_, err := c.Get(t.Context(), protocol.GetRequest{Kind: protocol.Groups, ID: "g1"})
	if !protocol.IsTooLarge(err) || !directory.IsKind(err, directory.KindUnavailable) {
		t.Errorf("%v is too large %t", err, protocol.IsTooLarge(err))
	}
	if protocol.IsTooLarge(nil) {
		t.Error("nothing is too large")
	}
}
