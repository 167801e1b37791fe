package protocol_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// bulkOperation is one that arrived.
type bulkOperation struct {
	Method, Path, BulkID, Version string
	Data                          json.RawMessage
}

func (o bulkOperation) String() string { return o.Method + " " + o.Path }

// bulks are the requests in bulk that a provider got.
type bulks struct {
	t *testing.T
	// tell returns what is told of an operation; empty for nothing.
	tell func(bulkOperation) string

	mu   sync.Mutex
	sent [][]bulkOperation
}

func (b *bulks) serve(w http.ResponseWriter, r *http.Request) {
	var body struct{ Operations []bulkOperation }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		b.t.Errorf("bulk body: %v", err)
	}
	b.mu.Lock()
	b.sent = append(b.sent, body.Operations)
	b.mu.Unlock()
	var told []string
	for _, o := range body.Operations {
		if answer := b.tell(o); answer != "" {
			told = append(told, answer)
		}
	}
	respond(w, 200, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],"Operations":[`+strings.Join(told, ",")+`]}`)
}

// told are all operations, as "METHOD path".
func (b *bulks) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, o := range slices.Concat(b.sent...) {
		lines = append(lines, o.String())
	}
	return lines
}

func (b *bulks) sizes() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sizes []int
	for _, s := range b.sent {
		sizes = append(sizes, len(s))
	}
	return sizes
}

// bulkProvider answers each operation with what tell returns for it.
func bulkProvider(t *testing.T, config string, tell func(bulkOperation) string) (*provider, *bulks) {
	t.Helper()
	p := newProvider(t)
	p.config(config)
	b := &bulks{t: t, tell: tell}
	p.on("POST /Bulk", b.serve)
	return p, b
}

func bulkOf(most int) string {
	return fmt.Sprintf(`{"patch":{"supported":true},"etag":{"supported":true},"filter":{"supported":true},"bulk":{"supported":true,"maxOperations":%d,"maxPayloadSize":100000}}`, most)
}

// done tells that the operation was done.
func done(o bulkOperation) string {
	return fmt.Sprintf(`{"method":%q,"bulkId":%q,"status":"204"}`, o.Method, o.BulkID)
}

const errorSchema = `"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"]`

func user(t *testing.T, name string) *protocol.Draft {
	t.Helper()
	d := protocol.NewDraft(protocol.Users)
	if err := d.Set(path("userName"), protocol.String(name)); err != nil {
		t.Fatal(err)
	}
	return d
}

// creating asks for the creation of a user, and keeps what came of it.
func creating(t *testing.T, c *protocol.Client, name string, got *protocol.Resource) func(context.Context) error {
	t.Helper()
	d := user(t, name)
	return func(ctx context.Context) error {
		r, err := c.Create(ctx, d)
		*got = r
		return err
	}
}

func TestChangesInBulkEndAsIfTheyWereAlone(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		named := fmt.Sprintf(`"method":%q,"bulkId":%q`, o.Method, o.BulkID)
		switch {
		case strings.Contains(string(o.Data), "taken"):
			return `{` + named + `,"status":"409","response":{` + errorSchema + `,"scimType":"uniqueness","detail":"taken by x@example.com"}}`
		case o.Method == http.MethodPost:
			return `{` + named + `,"status":"201","version":"W/\"1\"","response":{"schemas":["` + protocol.UserSchema + `"],"id":"n","userName":"new"}}`
		case o.Method == http.MethodDelete:
			return `{` + named + `,"status":{"code":"404"},"response":{` + errorSchema + `}}`
		case o.Path == "/Users/moved":
			return `{` + named + `,"status":"412","response":{` + errorSchema + `}}`
		}
		return done(o)
	})
	c := p.client()
	w := holdUp(t, p, c)
	patch := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Patch(ctx, protocol.PatchRequest{Kind: protocol.Users, ID: id, Operations: deactivate(), Version: `"3"`})
			return err
		}
	}
	var created, taken protocol.Resource
	w.ask(creating(t, c, "new", &created), creating(t, c, "taken", &taken), deleting(c, "x/y"), patch("moved"), patch("same"))
	want := []directory.Kind{"", directory.KindExists, directory.KindNotFound, directory.KindConflict, ""}
	if diff := cmp.Diff(want, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	if created.ID() != "n" || created.Version() != `W/"1"` || taken.ID() != "" {
		t.Errorf("created are %q of version %s, and %q", created.ID(), created.Version(), taken.ID())
	}
	if diff := cmp.Diff([]string{"POST /Users", "POST /Users", "DELETE /Users/x%2Fy", "PATCH /Users/moved", "PATCH /Users/same"}, sent.told()); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
	if v := sent.sent[0][4].Version; v != `"3"` {
		t.Errorf("the version of a change is %s", v)
	}
	if n := len(p.requests()); n != 2 {
		t.Errorf("%d requests: %v", n, p.lines())
	}
}

// A service provider may repeat a bulkId for creations only (scimmy), tell of
// operations in any order, or leave everything out that is not needed.
func TestWhatIsToldWithoutABulkID(t *testing.T) {
	for reason, answer := range map[string]func([]bulkOperation) []string{
		"by location": func(all []bulkOperation) []string {
			var told []string
			for _, o := range slices.Backward(all) {
				status := "204"
				if o.Path == "/Users/u2" {
					status = "501"
				}
				told = append(told, fmt.Sprintf(`{"method":%q,"status":%q,"location":"https://elsewhere.example.com/scim%s","response":{%s}}`, o.Method, status, o.Path, errorSchema))
			}
			return told
		},
		"by place": func([]bulkOperation) []string {
			return []string{`{"status":"204"}`, `{"status":"501","response":{` + errorSchema + `}}`, `{"status":"204"}`, `{"status":"204"}`}
		},
	} {
		p := newProvider(t)
		p.config(bulkOf(100))
		p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Operations []bulkOperation }
			_ = json.NewDecoder(r.Body).Decode(&body)
			respond(w, 200, `{"Operations":[`+strings.Join(answer(body.Operations), ",")+`]}`)
		})
		c := p.client()
		w := holdUp(t, p, c)
		w.ask(deletions(c, 1, 4)...)
		if diff := cmp.Diff([]directory.Kind{"", directory.KindUnsupported, "", ""}, w.kinds()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
}

// Of what nothing is told nobody knows what became of it: it is not done again, and
// what comes then goes alone, for a while.
func TestAnOperationOfWhichNothingIsTold(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		if o.Path == "/Users/u2" {
			return ""
		}
		return done(o)
	})
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client()
	w := holdUp(t, p, c)
	w.ask(deletions(c, 1, 3)...)
	if diff := cmp.Diff([]directory.Kind{"", directory.KindUnavailable, ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DELETE /Users/u0", "POST /Bulk"}, p.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	wantBulkAgain(t, p, c, sent, 6*time.Minute)
}

// wantBulkAgain makes sure that nothing goes in bulk until the time is over.
func wantBulkAgain(t *testing.T, p *provider, c *protocol.Client, sent *bulks, after time.Duration) {
	t.Helper()
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	sent.tell = done
	p.on("POST /Bulk", sent.serve)
	p.clock.Step(after - time.Second)
	p.reset()
	var all sync.WaitGroup
	for _, call := range deletions(c, 11, 14) {
		all.Go(func() {
			if err := call(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(p.lines()); n != 4 || slices.Contains(p.lines(), "POST /Bulk") {
		t.Errorf("before %s are over: %v", after, p.lines())
	}
	p.clock.Step(2 * time.Second)
	w := holdUp(t, p, c)
	p.reset()
	w.ask(deletions(c, 21, 24)...)
	w.kinds()
	if diff := cmp.Diff([]string{"POST /Bulk"}, p.lines()); diff != "" {
		t.Errorf("after %s (-want +got):\n%s", after, diff)
	}
}

func TestAProviderThatClaimsBulkAndRefusesIt(t *testing.T) {
	for reason, answer := range map[string]http.HandlerFunc{
		"not found":       func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Cannot POST /Bulk", http.StatusNotFound) },
		"no method":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMethodNotAllowed) },
		"not implemented": func(w http.ResponseWriter, _ *http.Request) { respond(w, 501, `{`+errorSchema+`}`) },
		"a bad request": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 400, `{`+errorSchema+`,"scimType":"invalidSyntax"}`)
		},
		"not for our role": func(w http.ResponseWriter, _ *http.Request) { respond(w, 403, `{`+errorSchema+`}`) },
	} {
		t.Run(reason, func(t *testing.T) {
			p, sent := bulkProvider(t, bulkOf(100), done)
			p.on("POST /Bulk", answer)
			p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			c := p.client(func(o *protocol.Options) { o.FeaturesAge = time.Hour })
			w := holdUp(t, p, c)
			w.ask(deletions(c, 1, 3)...)
			if diff := cmp.Diff([]directory.Kind{"", "", ""}, w.kinds()); diff != "" {
				t.Errorf("how they ended (-want +got):\n%s", diff)
			}
			lines := p.lines()
			slices.Sort(lines)
			if diff := cmp.Diff([]string{"DELETE /Users/u0", "DELETE /Users/u1", "DELETE /Users/u2", "DELETE /Users/u3", "POST /Bulk"}, lines); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			wantBulkAgain(t, p, c, sent, time.Hour)
		})
	}
}

// What became of the changes is not known, so that nothing is done again here.
func TestARequestInBulkThatIsLost(t *testing.T) {
	for reason, answer := range map[string]http.HandlerFunc{
		"no answer":              func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"an internal error":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"nobody behind":          func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Bad gateway", http.StatusBadGateway) },
		"a page for people":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>Sign in")) },
		"json that is not scim":  func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, `{"status":"error"}`) },
		"an answer that was cut": func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, `{"Operations":[{"bulkId":"0","st`) },
		"nothing at all":         func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, ``) },
	} {
		t.Run(reason, func(t *testing.T) {
			p, sent := bulkProvider(t, bulkOf(100), done)
			p.on("POST /Bulk", answer)
			c := p.client()
			w := holdUp(t, p, c)
			w.ask(deletions(c, 1, 2)...)
			if diff := cmp.Diff([]directory.Kind{directory.KindUnavailable, directory.KindUnavailable}, w.kinds()); diff != "" {
				t.Errorf("how they ended (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"DELETE /Users/u0", "POST /Bulk"}, p.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			wantBulkAgain(t, p, c, sent, 6*time.Minute)
		})
	}
}

// Retry-After holds for the whole client, of a request in bulk and of one operation
// in it, and says nothing about bulk.
func TestBulkThatComesTooOften(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		if o.Path != "/Users/u2" {
			return done(o)
		}
		return fmt.Sprintf(`{"bulkId":%q,"status":"429","response":{%s}}`, o.BulkID, errorSchema)
	})
	c := p.client()
	w := holdUp(t, p, c)
	w.ask(deletions(c, 1, 2)...)
	if diff := cmp.Diff([]directory.Kind{"", directory.KindRateLimited}, w.kinds()); diff != "" {
		t.Errorf("one operation too many (-want +got):\n%s", diff)
	}
	wantKind(t, c.Delete(t.Context(), protocol.Users, "u1", ""), directory.KindRateLimited)
	p.clock.Step(time.Minute)
	p.on("POST /Bulk", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	w = holdUp(t, p, c)
	w.ask(deletions(c, 1, 2)...)
	if diff := cmp.Diff([]directory.Kind{directory.KindRateLimited, directory.KindRateLimited}, w.kinds()); diff != "" {
		t.Errorf("a request too many (-want +got):\n%s", diff)
	}
	if got := directory.RetryAfter(w.errs[0]); got != 7*time.Second || w.errs[0].Error() != w.errs[1].Error() || !strings.Contains(w.errs[0].Error(), "delete user") {
		t.Errorf("to wait for %s: %v, %v", got, w.errs[0], w.errs[1])
	}
	p.clock.Step(8 * time.Second)
	p.on("POST /Bulk", sent.serve)
	w = holdUp(t, p, c)
	w.ask(deletions(c, 3, 4)...)
	if diff := cmp.Diff([]directory.Kind{"", ""}, w.kinds()); diff != "" || len(sent.sizes()) != 2 {
		t.Errorf("afterwards (-want +got), in bulk %v:\n%s", sent.sizes(), diff)
	}
}

// What is refused without a reason is asked for alone, and says it then.
func TestWhatIsRefusedInBulkWithoutAReason(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		if o.Method == http.MethodPost {
			return fmt.Sprintf(`{"bulkId":%q,"status":"409"}`, o.BulkID)
		}
		return done(o)
	})
	p.answers("POST /Users", 409, `{`+errorSchema+`,"scimType":"uniqueness"}`)
	c := p.client()
	w := holdUp(t, p, c)
	var taken protocol.Resource
	w.ask(creating(t, c, "taken", &taken), deleting(c, "u1"))
	if diff := cmp.Diff([]directory.Kind{directory.KindExists, ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
}

// The limits that are told hold, and so does one that is not.
func TestBulkStaysWithinItsLimits(t *testing.T) {
	for reason, tt := range map[string]struct {
		operations, payload, most int
		want                      []int
	}{
		"operations": {operations: 3, payload: 100_000, most: 99, want: []int{3, 3, 2}},
		"payload":    {operations: 100, payload: 1500, most: 99, want: []int{3, 3, 2}},
		"untold":     {operations: 100, payload: 100_000, most: 3, want: []int{8, 4, 2, 2, 4, 2, 2}},
	} {
		p := newProvider(t)
		p.config(fmt.Sprintf(`{"bulk":{"supported":true,"maxOperations":%d,"maxPayloadSize":%d}}`, tt.operations, tt.payload))
		var sizes []int
		p.on("POST /Bulk", func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Operations []bulkOperation }
			_ = json.NewDecoder(r.Body).Decode(&body)
			sizes = append(sizes, len(body.Operations))
			if len(body.Operations) > tt.most {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			var told []string
			for _, o := range body.Operations {
				told = append(told, fmt.Sprintf(`{"bulkId":%q,"status":"201","response":{"id":"n%s","schemas":["x"]}}`, o.BulkID, o.BulkID))
			}
			respond(w, 200, `{"Operations":[`+strings.Join(told, ",")+`]}`)
		})
		c := p.client()
		w := holdUp(t, p, c)
		created := make([]protocol.Resource, 8)
		for i := range created {
			w.ask(creating(t, c, strconv.Itoa(i)+strings.Repeat("x", 200), &created[i]))
		}
		for i, kind := range w.kinds() {
			if kind != "" || created[i].ID() == "" {
				t.Errorf("%s: creation %d ended with %q", reason, i, kind)
			}
		}
		if diff := cmp.Diff(tt.want, sizes); diff != "" {
			t.Errorf("%s: requests in bulk (-want +got):\n%s", reason, diff)
		}
		for _, r := range p.requests() {
			if len(r.Body) > tt.payload {
				t.Errorf("%s: a body of %d bytes", reason, len(r.Body))
			}
		}
	}
}

// Two changes of one resource keep their order: they are never in one request.
func TestChangesOfOneResourceGoOneAfterTheOther(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client()
	w := holdUp(t, p, c)
	first, again := deleting(c, "u1"), deleting(c, "u1")
	w.ask(first, again, deleting(c, "u2"))
	w.kinds()
	if diff := cmp.Diff([]string{"DELETE /Users/u1", "DELETE /Users/u2"}, sent.told()); diff != "" {
		t.Errorf("in bulk (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DELETE /Users/u0", "POST /Bulk", "DELETE /Users/u1"}, p.lines()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestBulkIsSwitchedOffByAnOverride(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client(overriding(protocol.Overrides{Bulk: protocol.No}))
	var all sync.WaitGroup
	for _, call := range deletions(c, 1, 20) {
		all.Go(func() {
			if err := call(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(p.requests()) != 20 || len(sent.told()) != 0 {
		t.Errorf("%d requests: %v", len(p.requests()), p.lines())
	}
}
