package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// walked is a listing to its end.
type walked struct {
	IDs      []string
	Complete bool
	Doubt    string
	Pages    int
}

func walk(t testing.TB, c *protocol.Client, r protocol.ListRequest) walked {
	t.Helper()
	var w walked
	for {
		page, err := c.List(t.Context(), r)
		if err != nil {
			t.Fatalf("page %d: %v", w.Pages+1, err)
		}
		w.Pages++
		w.IDs = append(w.IDs, ids(page.Resources)...)
		if page.Next == "" {
			w.Complete, w.Doubt = page.Complete, page.Doubt
			return w
		}
		if r.Cursor = page.Next; w.Pages > 1000 {
			t.Fatal("the listing does not end")
		}
	}
}

// pager answers a page: startIndex, count, and the number of the request from 0.
type pager func(start, count, n int) string

func honest(all []string) pager {
	return func(start, count, _ int) string { return listJSON(len(all), "", slice(all, start, count)...) }
}

func TestAListingByIndexKnowsWhenItIsComplete(t *testing.T) {
	ten := numbered(10)
	later := append(append([]string{}, ten[2:]...), userJSON(11), userJSON(12))
	for name, tt := range map[string]struct {
		reason   string
		serve    pager
		complete bool
		members  int
		doubt    string
	}{
		"honest": {"pages of four, and a last one that brings nothing new", honest(ten), true, 10, ""},
		"empty":  {"nobody, and it says so", honest(nil), true, 0, ""},
		"one":    {"a single page needs a look behind it", honest(ten[:1]), true, 1, ""},
		"short pages": {"the end is not where a page is shorter than asked", func(start, _, _ int) string {
			return listJSON(10, "", slice(ten, start, 3)...)
		}, true, 10, ""},
		"total is the page's size on one page": {"Casdoor with few members", func(start, count, _ int) string {
			page := slice(ten[:3], start, count)
			return listJSON(len(page), "", page...)
		}, true, 3, ""},
		"total is the page's size on many pages": {"Casdoor: everybody is listed, but who can know", func(start, count, _ int) string {
			page := slice(ten, start, count)
			return listJSON(len(page), "", page...)
		}, false, 10, "the number of resources changed during the listing"},
		"the same page for ever": {"startIndex is ignored", func(_, count, _ int) string {
			return listJSON(10, "", ten[:count]...)
		}, false, 4, "resources moved between pages during the listing"},
		"the same short page for ever": {"paging is not implemented", func(_, _, _ int) string {
			return listJSON(3, "", ten[:3]...)
		}, false, 3, "resources moved between pages during the listing"},
		"total too high": {"one is hidden from us", func(start, count, _ int) string {
			return listJSON(11, "", slice(ten, start, count)...)
		}, false, 10, "the service provider tells another number than it lists"},
		"total too low": {"the end is not where totalResults says", func(start, count, _ int) string {
			return listJSON(5, "", slice(ten, start, count)...)
		}, false, 10, "the service provider tells another number than it lists"},
		"no total": {"nothing to compare with", func(start, count, _ int) string {
			return listJSON(-1, "", slice(ten, start, count)...)
		}, false, 10, "the service provider does not tell how many there are"},
		"growing": {"somebody joined meanwhile", func(start, count, n int) string {
			return listJSON(10+min(n, 1), "", slice(numbered(10+min(n, 1)), start, count)...)
		}, false, 11, "the number of resources changed during the listing"},
		"shrinking in front": {"the first two left: the fifth is skipped", func(start, count, n int) string {
			if n == 0 {
				return listJSON(10, "", slice(ten, start, count)...)
			}
			return listJSON(8, "", slice(ten[2:], start, count)...)
		}, false, 9, "resources moved between pages during the listing"},
		"two left and two joined": {"the total stays, and yet the fifth is skipped", func(start, count, n int) string {
			if n == 0 {
				return listJSON(10, "", slice(ten, start, count)...)
			}
			return listJSON(10, "", slice(later, start, count)...)
		}, false, 11, "resources moved between pages during the listing"},
		"another order": {"no ORDER BY: a page brings known ones instead of others", func(start, count, n int) string {
			shuffled := append(append([]string{}, ten[3:4]...), append(append([]string{}, ten[:3]...), ten[4:]...)...)
			if n == 2 {
				return listJSON(10, "", slice(shuffled[:9], 1, count)...)
			}
			return listJSON(10, "", slice(ten, start, count)...)
		}, false, 10, "resources moved between pages during the listing"},
		"twice on a page": {"duplicates are dropped", func(start, count, _ int) string {
			return listJSON(4, "", slice([]string{ten[0], ten[1], ten[1], ten[2]}, start, count)...)
		}, false, 3, "resources were listed more than once"},
		"without id": {"somebody is there whom we cannot name", func(start, count, _ int) string {
			return listJSON(3, "", slice([]string{ten[0], `{"userName":"x"}`, ten[1]}, start, count)...)
		}, false, 2, "some resources have no id"},
		"one a page": {"moves cannot be seen, but everybody is found", func(start, _, _ int) string {
			return listJSON(10, "", slice(ten, start, 1)...)
		}, false, 10, "pages hold one resource only, so that moves between them cannot be seen"},
		"nothing but a total": {"the listing is refused in silence", func(_, _, _ int) string {
			return listJSON(10, "")
		}, false, 0, "the service provider tells another number than it lists"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			n := -1
			p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
				start, count := window(r)
				n++
				respond(w, 200, tt.serve(start, count, n))
			})
			got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4})
			if got.Complete != tt.complete || len(got.IDs) != tt.members || got.Doubt != tt.doubt {
				t.Errorf("%s: got %+v, want complete=%v, %d members, doubt %q", tt.reason, got, tt.complete, tt.members, tt.doubt)
			}
			if n > 20 {
				t.Errorf("%s: %d requests", tt.reason, n+1)
			}
		})
	}
}

func TestAListingByCursorKnowsWhenItIsComplete(t *testing.T) {
	ten := numbered(10)
	page := func(from, to, total int, next string) string { return listJSON(total, next, ten[from:to]...) }
	for name, tt := range map[string]struct {
		reason   string
		serve    map[string]string // by cursor
		complete bool
		members  int
		doubt    string
	}{
		"honest":        {"RFC 9865 section 2", map[string]string{"": page(0, 4, 10, "a"), "a": page(4, 8, 10, "b"), "b": page(8, 10, 10, "")}, true, 10, ""},
		"no totals":     {"which RFC 9865 allows", map[string]string{"": page(0, 4, -1, "a"), "a": page(4, 10, -1, "")}, true, 10, ""},
		"empty between": {"a page may be empty and not the last", map[string]string{"": page(0, 4, 10, "a"), "a": page(0, 0, 10, "b"), "b": page(4, 10, 10, "")}, true, 10, ""},
		"circle":        {"the cursor leads to itself", map[string]string{"": page(0, 4, 10, "a"), "a": page(4, 8, 10, "a")}, false, 8, "the service provider repeats pages"},
		"wide circle":   {"the cursors lead round", map[string]string{"": page(0, 4, -1, "a"), "a": page(4, 8, -1, "b"), "b": page(0, 4, -1, "a")}, false, 8, "resources were listed more than once"},
		"too few":       {"the total says otherwise", map[string]string{"": page(0, 4, 10, "a"), "a": page(4, 8, 10, "")}, false, 8, "the service provider tells another number than it lists"},
		"ignored":       {"a full page, no total, no cursor", map[string]string{"": page(0, 4, -1, "")}, false, 4, "the service provider does not tell how many there are"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.config(`{"patch":{"supported":true},"pagination":{"cursor":true,"index":true}}`)
			p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
				if !r.URL.Query().Has("cursor") || r.URL.Query().Has("startIndex") || r.URL.Query().Get("count") != "4" {
					t.Errorf("not a request by cursor: %s", r.URL.RawQuery)
				}
				respond(w, 200, tt.serve[r.URL.Query().Get("cursor")])
			})
			got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4})
			if got.Complete != tt.complete || len(got.IDs) != tt.members || got.Doubt != tt.doubt {
				t.Errorf("%s: got %+v, want complete=%v, %d members, doubt %q", tt.reason, got, tt.complete, tt.members, tt.doubt)
			}
		})
	}
}

func TestAListingFollowsTheWayOfPagingThatIsAnswered(t *testing.T) {
	ten := numbered(10)
	t.Run("cursors without being announced", func(t *testing.T) {
		p := newProvider(t)
		p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
			from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
			next := ""
			if from+4 < 10 {
				next = strconv.Itoa(from + 4)
			}
			respond(w, 200, listJSON(10, next, slice(ten, from+1, 4)...))
		})
		if got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4}); !got.Complete || len(got.IDs) != 10 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("cursors announced and not served", func(t *testing.T) {
		p := newProvider(t)
		p.config(`{"patch":{"supported":true},"pagination":{"cursor":true}}`)
		p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
			start, count := window(r)
			respond(w, 200, honest(ten)(start, count, 0))
		})
		if got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4}); !got.Complete || len(got.IDs) != 10 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("cursors switched off", func(t *testing.T) {
		p := newProvider(t)
		p.config(`{"patch":{"supported":true},"pagination":{"cursor":true}}`)
		p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
			start, count := window(r)
			respond(w, 200, listJSON(10, "bait", slice(ten, start, count)...))
		})
		c := p.client(overriding(protocol.Overrides{CursorPaging: protocol.No}))
		if got := walk(t, c, protocol.ListRequest{Kind: protocol.Users, PageSize: 4}); !got.Complete || len(got.IDs) != 10 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAnExpiredCursorMeansStartAnew(t *testing.T) {
	for _, scimType := range []string{"expiredCursor", "invalidCursor"} {
		p := newProvider(t)
		p.config(`{"patch":{"supported":true},"pagination":{"cursor":true}}`)
		p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("cursor") == "" {
				respond(w, 200, listJSON(10, "a", numbered(4)...))
				return
			}
			respond(w, 400, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"`+scimType+`","status":"400"}`)
		})
		c := p.client()
		page, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users, Cursor: page.Next})
		wantKind(t, err, directory.KindConflict)
	}
}

func TestACursorIsRefusedWhenItIsNotOurs(t *testing.T) {
	p := newProvider(t)
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		respond(w, 200, honest(numbered(10))(start, count, 0))
	})
	c := p.client()
	page, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]protocol.ListRequest{
		"garbage":          {Kind: protocol.Users, Cursor: "garbage"},
		"cut off":          {Kind: protocol.Users, Cursor: page.Next[:len(page.Next)-4]},
		"of another kind":  {Kind: protocol.Groups, Cursor: page.Next},
		"other attributes": {Kind: protocol.Users, Cursor: page.Next, Attributes: []protocol.Path{protocol.MustPath("userName")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.List(t.Context(), r)
			wantKind(t, err, directory.KindInvalid)
		})
	}
	if strings.Contains(page.Next, "u4") {
		t.Errorf("the cursor shows an identifier: %s", page.Next)
	}
}

func TestAPageCanBeAskedForAgain(t *testing.T) {
	p := newProvider(t)
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		respond(w, 200, honest(numbered(10))(start, count, 0))
	})
	c := p.client()
	request := protocol.ListRequest{Kind: protocol.Users, PageSize: 4}
	first, err := c.List(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	request.Cursor = first.Next
	lost, err := c.List(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	got := walk(t, c, request)
	if diff := cmp.Diff([]string{"u5", "u6", "u7"}, ids(lost.Resources)); diff != "" {
		t.Errorf("second page (-want +got):\n%s", diff)
	}
	if !got.Complete || len(got.IDs) != 6 || got.IDs[0] != "u5" {
		t.Errorf("asked again: %+v", got)
	}
}

func TestAListingThatAnotherProcessContinuesIsNotComplete(t *testing.T) {
	p := newProvider(t)
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		respond(w, 200, honest(numbered(10))(start, count, 0))
	})
	page, err := p.client().List(t.Context(), protocol.ListRequest{Kind: protocol.Users, PageSize: 4})
	if err != nil {
		t.Fatal(err)
	}
	got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users, Cursor: page.Next})
	if got.Complete || len(got.IDs) != 6 || got.Doubt != "the listing was continued by another process" {
		t.Errorf("got %+v", got)
	}
}

func TestPagesShrinkUntilTheyFitTheLimit(t *testing.T) {
	p := newProvider(t)
	all := make([]string, 50)
	for i := range all {
		all[i] = fmt.Sprintf(`{"id":"u%d","nickName":%q}`, i, strings.Repeat("x", 1000))
	}
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		respond(w, 200, honest(all)(start, count, 0))
	})
	c := p.client(func(o *protocol.Options) { o.MaxBody = 16 << 10 })
	if got := walk(t, c, protocol.ListRequest{Kind: protocol.Users}); !got.Complete || len(got.IDs) != 50 {
		t.Errorf("got %+v", got)
	}
	p.reset()
	walk(t, c, protocol.ListRequest{Kind: protocol.Users})
	if first := p.lines()[0]; first != "GET /Users?count=12&startIndex=1" {
		t.Errorf("the size that fits was not remembered: %s", first)
	}
}

func TestAResourceLargerThanTheLimitIsAnError(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users", 200, listJSON(1, "", `{"id":"u","nickName":"`+strings.Repeat("x", 10_000)+`"}`))
	_, err := p.client(func(o *protocol.Options) { o.MaxBody = 4 << 10 }).List(t.Context(), protocol.ListRequest{Kind: protocol.Users})
	wantKind(t, err, directory.KindUnavailable)
	if !strings.Contains(err.Error(), "larger than allowed") {
		t.Errorf("the error does not say why: %v", err)
	}
}

func TestASmallerPageIsAskedForWhenTheCountIsInvalid(t *testing.T) {
	p := newProvider(t)
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		if count > 30 {
			respond(w, 400, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":"invalidCount"}`)
			return
		}
		respond(w, 200, honest(numbered(40))(start, count, 0))
	})
	if got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users}); !got.Complete || len(got.IDs) != 40 {
		t.Errorf("got %+v", got)
	}
}

func TestPromise_FiftyThousandMembersAreListedWithAReadAPage(t *testing.T) {
	p := newProvider(t)
	p.config(`{"patch":{"supported":true},"filter":{"supported":true,"maxResults":1000}}`)
	all := make([]string, 50_000)
	for i := range all {
		all[i] = `{"id":"u` + strconv.Itoa(i) + `"}`
	}
	p.on("GET /Users", func(w http.ResponseWriter, r *http.Request) {
		start, count := window(r)
		respond(w, 200, honest(all)(start, count, 0))
	})
	got := walk(t, p.client(), protocol.ListRequest{Kind: protocol.Users})
	if !got.Complete || len(got.IDs) != 50_000 {
		t.Errorf("complete=%v (%s) with %d members", got.Complete, got.Doubt, len(got.IDs))
	}
	// 500 a page, each but the first with one known already, and a look behind the end.
	if n := len(p.requests()); n > 50_000/499+2 {
		t.Errorf("%d requests", n)
	}
}

func TestAListingIsNotEmptyBecauseTheAnswerIsNotSCIM(t *testing.T) {
	for name, tt := range map[string]struct {
		reason, contentType, body string
		kind                      directory.Kind
	}{
		"casdoor":      {"an unauthenticated read gets 200", "application/json", `{"status":"error","msg":"Unauthorized operation","data":null}`, directory.KindCredentials},
		"empty object": {"nothing says that it is a listing", "application/json", `{}`, directory.KindCredentials},
		"a resource":   {"it is SCIM but no listing", "application/json", userJSON(1), directory.KindCredentials},
		"html":         {"a page for signing in", "text/html; charset=utf-8", `<html><body>Sign in</body></html>`, directory.KindUnavailable},
		"html as json": {"with the wrong type", "application/json", `<html></html>`, directory.KindUnavailable},
		"truncated":    {"the rest is missing", "application/scim+json", listJSON(1, "", userJSON(1))[:60], directory.KindUnavailable},
		"list":         {"no object", "application/json", `[]`, directory.KindUnavailable},
		"two":          {"something follows", "application/json", listJSON(0, "") + listJSON(0, ""), directory.KindUnavailable},
		"nothing":      {"no body", "application/json", ``, directory.KindUnavailable},
		"null":         {"no object", "application/json", `null`, directory.KindUnavailable},
		"wrong list":   {"Resources is an object", "application/json", `{"totalResults":1,"Resources":{}}`, directory.KindUnavailable},
		"xml":          {"not JSON", "application/xml", `<scim/>`, directory.KindUnavailable},
		"negative":     {"totalResults makes no sense", "application/json", `{"totalResults":-5,"Resources":[]}`, directory.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.on("GET /Users", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = w.Write([]byte(tt.body))
			})
			c := p.client()
			for what, call := range map[string]func() error{
				"list":  func() error { _, err := c.List(t.Context(), protocol.ListRequest{Kind: protocol.Users}); return err },
				"check": func() error { return c.Check(t.Context()) },
				"find": func() error {
					_, err := c.Find(t.Context(), protocol.FindRequest{Kind: protocol.Users, Attribute: protocol.MustPath("userName"), Value: "a"})
					return err
				},
			} {
				err := call()
				if directory.KindOf(err) != tt.kind {
					t.Errorf("%s (%s): %v, want %s", what, tt.reason, err, tt.kind)
				}
				wantClean(t, err)
			}
		})
	}
}

func TestACallerThatGivesUpIsToldSo(t *testing.T) {
	p := newProvider(t)
	arrived := make(chan struct{})
	p.on("GET /Users", func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err := p.client().List(ctx, protocol.ListRequest{Kind: protocol.Users})
	wantKind(t, err, directory.KindUnavailable)
	wantCanceled(t, err)
}
