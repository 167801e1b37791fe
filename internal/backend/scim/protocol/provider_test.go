package protocol_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// provider is a scripted service provider: what a route answers is up to the
// test; what is not scripted is answered with an empty 404.
type provider struct {
	t      testing.TB
	server *httptest.Server
	clock  *testingclock.FakeClock

	mu     sync.Mutex
	routes map[string]http.HandlerFunc // "GET /Users", or "GET /Users/" for what is below
	log    []seen
}

// seen is a request as it arrived.
type seen struct {
	Method, URI, Body string
	Header            http.Header
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{t: t, routes: map[string]http.HandlerFunc{}, clock: testingclock.NewFakeClock(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	p.log = append(p.log, seen{r.Method, strings.TrimPrefix(r.RequestURI, "/scim"), string(body), r.Header.Clone()})
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/scim")
	handler, ok := p.routes[r.Method+" "+path]
	if !ok {
		handler, ok = p.routes[r.Method+" "+path[:strings.LastIndex(path, "/")+1]]
	}
	p.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	handler(w, r)
}

func (p *provider) on(route string, handler http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes[route] = handler
}

// answers scripts a route with a fixed answer of JSON.
func (p *provider) answers(route string, status int, body string) {
	p.on(route, func(w http.ResponseWriter, _ *http.Request) { respond(w, status, body) })
}

func respond(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// requests are those that arrived, but for discovery.
func (p *provider) requests() []seen {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.log), func(s seen) bool {
		return slices.ContainsFunc([]string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"}, func(d string) bool { return strings.HasPrefix(s.URI, d) })
	})
}

// lines are the requests as "METHOD uri".
func (p *provider) lines() []string {
	var lines []string
	for _, s := range p.requests() {
		lines = append(lines, s.Method+" "+s.URI)
	}
	return lines
}

func (p *provider) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = nil
}

func (p *provider) options() protocol.Options {
	return protocol.Options{URL: p.server.URL + "/scim", Authorize: protocol.BearerToken("hush-hush"), Clock: p.clock}
}

func (p *provider) client(edit ...func(*protocol.Options)) *protocol.Client {
	p.t.Helper()
	o := p.options()
	for _, e := range edit {
		e(&o)
	}
	c, err := protocol.New(o)
	if err != nil {
		p.t.Fatalf("make the client: %v", err)
	}
	p.t.Cleanup(c.Close)
	return c
}

func overriding(o protocol.Overrides) func(*protocol.Options) {
	return func(options *protocol.Options) { options.Overrides = o }
}

// config scripts /ServiceProviderConfig.
func (p *provider) config(body string) { p.answers("GET /ServiceProviderConfig", 200, body) }

// userJSON is a user with the id u<n>.
func userJSON(n int) string {
	return fmt.Sprintf(`{"schemas":[%q],"id":"u%d","userName":"user%d@example.com","externalId":"x%d","active":true}`, protocol.UserSchema, n, n, n)
}

// listJSON is a ListResponse; a negative total is left out.
func listJSON(total int, next string, resources ...string) string {
	body := map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "Resources": []any{}}
	if total >= 0 {
		body["totalResults"] = total
	}
	if next != "" {
		body["nextCursor"] = next
	}
	if len(resources) > 0 {
		body["Resources"] = json.RawMessage("[" + strings.Join(resources, ",") + "]")
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// window returns startIndex and count of a request.
func window(r *http.Request) (int, int) {
	start, _ := strconv.Atoi(r.URL.Query().Get("startIndex"))
	count, _ := strconv.Atoi(r.URL.Query().Get("count"))
	return max(start, 1), count
}

// slice returns the resources of a page by index.
func slice(all []string, start, count int) []string {
	from := min(start-1, len(all))
	return all[from:min(from+count, len(all))]
}

func numbered(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = userJSON(i + 1)
	}
	return all
}

// wantKind fails unless err is of the kind and fit for a status.
func wantKind(t *testing.T, err error, kind directory.Kind) {
	t.Helper()
	if got := directory.KindOf(err); got != kind {
		t.Fatalf("the error is of kind %q, want %q: %v", got, kind, err)
	}
	wantClean(t, err)
}

// wantClean fails when the error tells what no status may.
func wantClean(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range []string{"@", "hush", "127.0.0.1", "Bearer"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error tells %q: %v", secret, err)
		}
	}
}

// ids returns the identifiers.
func ids(resources []protocol.Resource) []string {
	var all []string
	for _, r := range resources {
		all = append(all, r.ID())
	}
	return all
}
