package protocol_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// TestAChangeIsDoneWhenScimSaysSo has answers with a status of success to changes
// whose result nobody asked for.
func TestAChangeIsDoneWhenScimSaysSo(t *testing.T) {
	for reason, c := range map[string]struct {
		contentType, body string
		want              directory.Kind
	}{
		"nothing":               {"", "", ""},
		"blanks":                {"text/html", " \n", ""},
		"the resource":          {"application/scim+json", userJSON(1), ""},
		"a page for people":     {"text/html; charset=utf-8", "<title>Sign in</title>", directory.KindUnavailable},
		"words":                 {"text/plain", "OK", directory.KindUnavailable},
		"a resource cut off":    {"application/scim+json", `{"schemas":["urn:`, directory.KindUnavailable},
		"json that is not scim": {"application/json", `{"status":"error","msg":"Please login first"}`, directory.KindCredentials},
	} {
		p := newProvider(t)
		answer := func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			_, _ = io.WriteString(w, c.body)
		}
		p.on("PATCH /Users/u1", answer)
		p.on("DELETE /Users/u1", answer)
		client := p.client()
		_, patched := client.Patch(t.Context(), protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: deactivate()})
		deleted := client.Delete(t.Context(), protocol.Users, "u1", "")
		for what, err := range map[string]error{"PATCH": patched, "DELETE": deleted} {
			if c.want == "" && err != nil || c.want != "" && !directory.IsKind(err, c.want) {
				t.Errorf("%s that is answered with %s: %v, want kind %q", what, reason, err, c.want)
			}
		}
	}
}

func TestAServiceProviderThatInsistsOnAVersionGetsOne(t *testing.T) {
	for reason, c := range map[string]struct {
		version string
		want    []string
	}{
		"a version that is known": {`W/"3"`, []string{"", `W/"3"`}},
		"no version":              {"", []string{"", "*"}},
	} {
		p := newProvider(t)
		p.on("PATCH /Users/u1", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-Match") == "" {
				w.WriteHeader(http.StatusPreconditionRequired)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
		_, err := p.client().Patch(t.Context(), protocol.PatchRequest{
			Kind: protocol.Users, ID: "u1", Version: c.version, Operations: deactivate(),
		})
		if err != nil {
			t.Errorf("%s: %v", reason, err)
		}
		var sent []string
		for _, r := range p.requests() {
			sent = append(sent, r.Header.Get("If-Match"))
		}
		if diff := cmp.Diff(c.want, sent); diff != "" {
			t.Errorf("%s: If-Match (-want +got):\n%s", reason, diff)
		}
	}
}
