package protocol_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// telling tells where what was created is, and nothing of what it is.
func telling(o bulkOperation) string {
	n := strings.Trim(string(o.Data[strings.Index(string(o.Data), `"userName":"`)+len(`"userName":"`):]), `"}`)
	return fmt.Sprintf(`{"method":"POST","bulkId":%q,"status":"201","location":"https://x.example.com/Users/u%s"}`, o.BulkID, n)
}

// What a request in bulk does not tell is read with one filter, and nothing is
// concluded from a filter that does not do it: then everybody is read alone, and
// the next ones are created alone, which tells what they are.
func TestWhatABulkDoesNotTellIsReadTogether(t *testing.T) {
	filter := func(ids ...string) string {
		return "GET /Users?count=3&filter=" + strings.ReplaceAll(strings.Join(ids, " or "), " ", "%20")
	}
	together := filter("id eq %22u1%22", "id eq %22u2%22", "id eq %22u3%22")
	for reason, tt := range map[string]struct {
		answer http.HandlerFunc
		alone  []string
		mute   bool
	}{
		"all": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				respond(w, 200, listJSON(3, "", userJSON(3), userJSON(1), userJSON(2)))
			},
		},
		"one is not shown yet": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				respond(w, 200, listJSON(2, "", userJSON(3), userJSON(1)))
			},
			alone: []string{"GET /Users/u2"},
		},
		"the first only": {
			answer: func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, listJSON(1, "", userJSON(1))) },
			alone:  []string{"GET /Users/u2", "GET /Users/u3"}, mute: true,
		},
		"others": {
			answer: func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, listJSON(3, "", numbered(9)[6:]...)) },
			alone:  []string{"GET /Users/u1", "GET /Users/u2", "GET /Users/u3"}, mute: true,
		},
		"refused": {
			answer: func(w http.ResponseWriter, _ *http.Request) { respond(w, 400, `{"scimType":"invalidFilter"}`) },
			alone:  []string{"GET /Users/u1", "GET /Users/u2", "GET /Users/u3"}, mute: true,
		},
		"not scim": {
			answer: func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, `{"status":"error"}`) },
			alone:  []string{"GET /Users/u1", "GET /Users/u2", "GET /Users/u3"},
		},
	} {
		t.Run(reason, func(t *testing.T) {
			p, sent := bulkProvider(t, bulkOf(100), telling)
			p.on("GET /Users", tt.answer)
			for i := range 9 {
				p.answers(fmt.Sprintf("GET /Users/u%d", i), 200, userJSON(i))
			}
			c := p.client()
			w := holdUp(t, p, c)
			created := make([]protocol.Resource, 3)
			for i := range created {
				w.ask(creating(t, c, fmt.Sprint(i+1), &created[i]))
			}
			if diff := cmp.Diff([]directory.Kind{"", "", ""}, w.kinds()); diff != "" {
				t.Errorf("how they ended (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"u1", "u2", "u3"}, ids(created)); diff != "" {
				t.Errorf("created (-want +got):\n%s", diff)
			}
			lines := p.lines()
			slices.Sort(lines[3:])
			if diff := cmp.Diff(append([]string{"DELETE /Users/u0", "POST /Bulk", together}, tt.alone...), lines); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			p.answers("POST /Users", 201, userJSON(4))
			w = holdUp(t, p, c)
			again := make(chan error, 1)
			var one protocol.Resource
			call := creating(t, c, "4", &one)
			go func() { again <- call(t.Context()) }()
			for len(again) == 0 && c.WaitingForBulk() == 0 {
				runtime.Gosched()
			}
			if waits := c.WaitingForBulk() > 0; waits == tt.mute {
				t.Errorf("that another creation waits to go in bulk is %t", waits)
			}
			w.kinds()
			if err := <-again; err != nil || len(sent.sizes()) != 1 {
				t.Errorf("another creation: %v, in bulk %v", err, sent.sizes())
			}
		})
	}
}

// A resource out of a listing may lack attributes, and is no ground for a PUT.
func TestWhatWasReadTogetherIsNotWhole(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), done)
	p.on("GET /Users", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, 200, listJSON(2, "", userJSON(1), userJSON(2)))
	})
	c := p.client()
	w := holdUp(t, p, c)
	after := make([]protocol.Resource, 2)
	for i := range after {
		w.ask(changing(c, fmt.Sprintf("u%d", i+1), &after[i]))
	}
	w.kinds()
	for i, r := range after {
		if r.ID() != fmt.Sprintf("u%d", i+1) || r.Whole() {
			t.Errorf("after the change it is %q, whole %t", r.ID(), r.Whole())
		}
	}
}
