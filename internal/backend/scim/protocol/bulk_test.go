package protocol_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

type bulkBody struct {
	Operations []struct {
		Method, Path, BulkID, Version string
		Data                          json.RawMessage
	}
}

// bulkProvider answers each operation with what tell returns for it.
func bulkProvider(t *testing.T, config string, tell func(method, path, bulkID string) string) (*provider, *[]int) {
	t.Helper()
	p := newProvider(t)
	p.config(config)
	sizes := []int{}
	p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
		var body bulkBody
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("bulk body: %v", err)
		}
		sizes = append(sizes, len(body.Operations))
		var told []string
		for _, o := range body.Operations {
			if answer := tell(o.Method, o.Path, o.BulkID); answer != "" {
				told = append(told, answer)
			}
		}
		respond(w, 200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[`+strings.Join(told, ",")+`]}`)
	})
	return p, &sizes
}

const bulkConfig = `{"patch":{"supported":true},"etag":{"supported":true},"bulk":{"supported":true,"maxOperations":2,"maxPayloadSize":100000}}`

func user(t *testing.T, name string) *protocol.Draft {
	t.Helper()
	d := protocol.NewDraft(protocol.Users)
	if err := d.Set(path("userName"), protocol.String(name)); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestBulkReturnsAResultForEachOperation(t *testing.T) {
	p, sizes := bulkProvider(t, bulkConfig, func(method, path, bulkID string) string {
		switch {
		case method == "POST" && bulkID == "1":
			return `{"method":"POST","bulkId":"1","status":"409","response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"uniqueness","detail":"taken by x@example.com"}}`
		case method == "POST":
			return fmt.Sprintf(`{"method":"POST","bulkId":%q,"status":"201","location":"https://elsewhere.example.com/v2/Users/n%%2F%s","version":"W/\"1\""}`, bulkID, bulkID)
		case method == "DELETE":
			return `{"method":"DELETE","bulkId":"` + bulkID + `","status":{"code":"404"},"response":{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]}}`
		}
		return ""
	})
	got, err := p.client().Bulk(t.Context(), []protocol.BulkOperation{
		{Kind: protocol.Users, Create: user(t, "a")},
		{Kind: protocol.Users, Create: user(t, "b")},
		{Kind: protocol.Users, ID: "x/y"},
		{Kind: protocol.Users, ID: "z", Operations: deactivate(), Version: `"3"`},
		{Kind: protocol.Users, Create: user(t, "c")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{2, 2, 1}, *sizes); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
	var lines []string
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s %s %s", r.ID, r.Version, directory.KindOf(r.Err)))
		wantClean(t, r.Err)
	}
	want := []string{`n/0 W/"1" `, `  Exists`, `x/y  NotFound`, `z  Unavailable`, `n/4 W/"1" `}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	second := p.requests()[1].Body
	for _, part := range []string{`"path":"/Users/x%2Fy"`, `"method":"PATCH"`, `"version":"\"3\""`} {
		if !strings.Contains(second, part) {
			t.Errorf("%s is not in %s", part, second)
		}
	}
}

func TestBulkStaysWithinThePayload(t *testing.T) {
	p, sizes := bulkProvider(t, `{"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":1000}}`, func(_, _, bulkID string) string {
		return `{"status":"201","response":{"id":"n` + bulkID + `"}}` // without bulkId: by place
	})
	var operations []protocol.BulkOperation
	for i := range 10 {
		operations = append(operations, protocol.BulkOperation{Kind: protocol.Users, Create: user(t, fmt.Sprintf("%d%s", i, strings.Repeat("x", 200)))})
	}
	got, err := p.client().Bulk(t.Context(), operations)
	if err != nil || len(*sizes) < 4 {
		t.Fatalf("%v, chunks %v", err, *sizes)
	}
	for i, r := range got {
		if r.Err != nil || r.ID != fmt.Sprintf("n%d", i) {
			t.Errorf("operation %d: %+v", i, r)
		}
	}
	for _, s := range p.requests() {
		if len(s.Body) > 1000 {
			t.Errorf("a body of %d bytes", len(s.Body))
		}
	}
}

func TestBulkFailures(t *testing.T) {
	one := []protocol.BulkOperation{{Kind: protocol.Users, ID: "a"}, {Kind: protocol.Users, ID: "b"}}
	p := newProvider(t)
	_, err := p.client().Bulk(t.Context(), one)
	wantKind(t, err, directory.KindUnsupported)
	for name, bad := range map[string]protocol.BulkOperation{"dots": {Kind: protocol.Users, ID: ".."}, "nobody": {Kind: protocol.Users}} {
		p := newProvider(t)
		p.config(bulkConfig)
		if _, err := p.client().Bulk(t.Context(), []protocol.BulkOperation{bad}); !directory.IsKind(err, directory.KindInvalid) || p.lines() != nil {
			t.Errorf("%s: %v, %v", name, err, p.lines())
		}
	}
	p = newProvider(t)
	p.config(bulkConfig)
	n := 0
	p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
		var body bulkBody
		_ = json.NewDecoder(r.Body).Decode(&body)
		if n++; len(body.Operations) > 1 {
			respond(w, 413, "")
			return
		}
		if body.Operations[0].BulkID == "1" {
			respond(w, 200, `{"status":"error"}`)
			return
		}
		respond(w, 200, `{"Operations":[{"bulkId":"0","status":"204"}]}`)
	})
	got, err := p.client().Bulk(t.Context(), one)
	if err != nil || got[0].Err != nil || !directory.IsKind(got[1].Err, directory.KindCredentials) || n != 3 {
		t.Errorf("too much at once is not halved: %+v, %v, %d requests", got, err, n)
	}
}
