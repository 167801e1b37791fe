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
	Method, Path, BulkID string
	Data                 json.RawMessage
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
	c := p.client(narrow)
	w := holdUp(t, p, c)
	patch := func(id string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := c.Patch(ctx, protocol.PatchRequest{Kind: protocol.Users, ID: id, Operations: deactivate()})
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
	if n := len(p.requests()); n != 2 {
		t.Errorf("%d requests: %v", n, p.lines())
	}
}

// A change of one version goes alone: nobody says that they heed versions in bulk.
func TestAChangeOfOneVersionGoesAlone(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusPreconditionFailed) })
	c := p.client(narrow)
	w := holdUp(t, p, c)
	w.ask(deletions(c, 1, 2)...)
	var versioned error
	w.all.Go(func() { versioned = c.Delete(t.Context(), protocol.Users, "u3", `"3"`) })
	w.kinds()
	wantKind(t, versioned, directory.KindConflict)
	if diff := cmp.Diff([]string{"DELETE /Users/u1", "DELETE /Users/u2"}, sent.told()); diff != "" {
		t.Errorf("in bulk (-want +got):\n%s", diff)
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
	c := p.client(narrow)
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
		"a page": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>Bad Request</html>", http.StatusBadRequest)
		},
		"a firewall": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>Forbidden</html>", http.StatusForbidden)
		},
		"a gateway":      func(w http.ResponseWriter, _ *http.Request) { respond(w, 403, `{"message":"Forbidden"}`) },
		"not acceptable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotAcceptable) },
		"a conflict":     func(w http.ResponseWriter, _ *http.Request) { respond(w, 409, `{`+errorSchema+`}`) },
		"taken": func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 409, `{`+errorSchema+`,"scimType":"uniqueness"}`)
		},
		"no length":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusLengthRequired) },
		"a precondition": func(w http.ResponseWriter, _ *http.Request) { respond(w, 412, `{`+errorSchema+`}`) },
		"large headers":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestHeaderFieldsTooLarge) },
		"no room":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInsufficientStorage) },
	} {
		t.Run(reason, func(t *testing.T) {
			p, sent := bulkProvider(t, bulkOf(100), done)
			p.on("POST /Bulk", answer)
			p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
			c := p.client(narrow, func(o *protocol.Options) { o.FeaturesAge = time.Hour })
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
		"a redirect": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/x")
			w.WriteHeader(http.StatusFound)
		},
		"nothing at all": func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, ``) },
	} {
		t.Run(reason, func(t *testing.T) {
			p, sent := bulkProvider(t, bulkOf(100), done)
			p.on("POST /Bulk", answer)
			c := p.client(narrow)
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
	c := p.client(narrow)
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
	c := p.client(narrow)
	w := holdUp(t, p, c)
	var taken protocol.Resource
	w.ask(creating(t, c, "taken", &taken), deleting(c, "u1"))
	if diff := cmp.Diff([]directory.Kind{directory.KindExists, ""}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
}

// The limits that are told hold. One that is not is found out; what was too large
// for it is done one by one.
func TestBulkStaysWithinItsLimits(t *testing.T) {
	for reason, tt := range map[string]struct {
		operations, payload, most int
		want, again               []int
	}{
		"operations": {operations: 3, payload: 100_000, most: 99, want: []int{3, 3, 2}, again: []int{3, 3, 2}},
		"payload":    {operations: 100, payload: 1500, most: 99, want: []int{3, 3, 2}, again: []int{3, 3, 2}},
		"untold":     {operations: 100, payload: 100_000, most: 4, want: []int{8}, again: []int{4, 4}},
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
		p.answers("POST /Users", 201, userJSON(1))
		c := p.client(narrow)
		for _, want := range [][]int{tt.want, tt.again} {
			sizes = nil
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
			if diff := cmp.Diff(want, sizes); diff != "" {
				t.Errorf("%s: requests in bulk (-want +got):\n%s", reason, diff)
			}
		}
		for _, r := range p.requests() {
			if len(r.Body) > tt.payload {
				t.Errorf("%s: a body of %d bytes", reason, len(r.Body))
			}
		}
	}
}

// What takes too long is tried with half as many, and with more again where that is
// quick.
func TestBulkThatTakesTooLong(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	p.on("POST /Bulk", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) })
	c := p.client(narrow)
	ask := func() {
		w := holdUp(t, p, c)
		w.ask(deletions(c, 1, 8)...)
		w.kinds()
	}
	ask()
	p.clock.Step(time.Hour)
	p.on("POST /Bulk", sent.serve)
	ask()
	ask()
	if diff := cmp.Diff([]int{4, 4, 8}, sent.sizes()); diff != "" {
		t.Errorf("in bulk (-want +got):\n%s", diff)
	}
}

// Two changes of one resource are never in one request, and nobody overtakes them.
func TestChangesOfOneResourceGoOneAfterTheOther(t *testing.T) {
	p, sent := bulkProvider(t, bulkOf(100), done)
	p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c := p.client(narrow)
	w := holdUp(t, p, c)
	first, again := deleting(c, "u1"), deleting(c, "u1")
	w.ask(first, again, deleting(c, "u2"))
	w.kinds()
	if diff := cmp.Diff([]string{"DELETE /Users/u1", "DELETE /Users/u2"}, sent.told()); diff != "" {
		t.Errorf("in bulk (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"DELETE /Users/u0", "DELETE /Users/u1", "POST /Bulk"}, p.lines()); diff != "" {
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
