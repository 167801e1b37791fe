package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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
			alone:  []string{"GET /Users/u2", "GET /Users/u3"},
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
			c := p.client(narrow)
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
			if goes := c.CreatesInBulk(); goes == tt.mute || len(sent.sizes()) != 1 {
				t.Errorf("that the next ones are created in bulk is %t, after %v", goes, sent.sizes())
			}
			if p.clock.Step(time.Hour); !c.CreatesInBulk() {
				t.Error("after an hour creations are not sent in bulk")
			}
		})
	}
}

// One of two may have been removed meanwhile, or is not shown yet. That a filter
// finds the first only is believed when it is so three times in a row.
func TestOneWhoIsNotReadBackDoesNotEndBulk(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), telling)
	for i := range 9 {
		p.answers(fmt.Sprintf("GET /Users/u%d", i), 200, userJSON(i))
	}
	c := p.client(narrow)
	for round, tt := range []struct{ both, goes bool }{{false, true}, {false, true}, {true, true}, {false, true}, {false, true}, {false, false}} {
		p.answers("GET /Users", 200, listJSON(1, "", userJSON(1)))
		if tt.both {
			p.answers("GET /Users", 200, listJSON(2, "", userJSON(1), userJSON(2)))
		}
		w := holdUp(t, p, c)
		created := make([]protocol.Resource, 2)
		w.ask(creating(t, c, "1", &created[0]), creating(t, c, "2", &created[1]))
		w.kinds()
		if diff := cmp.Diff([]string{"u1", "u2"}, ids(created)); diff != "" {
			t.Errorf("created (-want +got):\n%s", diff)
		}
		if goes := c.CreatesInBulk(); goes != tt.goes {
			t.Errorf("after round %d it is %t that creations go in bulk", round, goes)
		}
	}
}

// What is known of one change does not wait until another one is read.
func TestReadingBackHoldsUpNobodyElse(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), func(o bulkOperation) string {
		if o.Method == http.MethodDelete {
			return done(o)
		}
		return telling(o)
	})
	goOn := make(chan struct{})
	p.on("GET /Users", func(w http.ResponseWriter, _ *http.Request) {
		<-goOn
		respond(w, 200, listJSON(1, "", userJSON(1)))
	})
	c := p.client(narrow)
	w := holdUp(t, p, c)
	var created protocol.Resource
	deleted := make(chan error, 1)
	w.ask(creating(t, c, "1", &created), func(ctx context.Context) error {
		err := c.Delete(ctx, protocol.Users, "u2", "")
		deleted <- err
		return err
	})
	close(w.end)
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	close(goOn)
	w.all.Wait()
	if created.ID() != "u1" {
		t.Errorf("created is %q", created.ID())
	}
}

// A resource out of a listing may lack attributes, and is no ground for a PUT.
func TestWhatWasReadTogetherIsNotWhole(t *testing.T) {
	p, _ := bulkProvider(t, bulkOf(100), done)
	p.on("GET /Users", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, 200, listJSON(2, "", userJSON(1), userJSON(2)))
	})
	c := p.client(narrow)
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
