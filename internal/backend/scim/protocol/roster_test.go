package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// holdUpGroup is a crowd behind a change of the group g1 that adds "first".
func holdUpGroup(t *testing.T, p *provider, c *protocol.Client, g *group) *crowd {
	t.Helper()
	w := &crowd{t: t, client: c, end: make(chan struct{}), entered: make(chan struct{})}
	w.waiting = func() int { return c.WaitingForGroup("g1") }
	g.at(p)
	var once sync.Once
	p.on("PATCH /Groups/g1", func(answer http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			close(w.entered)
			<-w.end
		})
		g.patch(answer, r)
	})
	w.begin(changingMembers(c, protocol.MemberChange{Add: []string{"first"}}))
	return w
}

func changingMembers(c *protocol.Client, m protocol.MemberChange) func(context.Context) error {
	m.Group = "g1"
	return func(ctx context.Context) error { return c.ChangeMembers(ctx, m) }
}

func adding(ids ...string) protocol.MemberChange   { return protocol.MemberChange{Add: ids} }
func removing(ids ...string) protocol.MemberChange { return protocol.MemberChange{Remove: ids} }

func TestChangesOfOneGroupGoTogether(t *testing.T) {
	for reason, tt := range map[string]struct {
		group    *group
		o        protocol.Overrides
		changes  []protocol.MemberChange
		want     []string
		kinds    []directory.Kind
		requests int
	}{
		"one request for all": {
			group:   &group{members: []string{"a", "b"}},
			changes: []protocol.MemberChange{adding("c"), removing("a"), adding("d"), adding("c"), removing("x")},
			want:    []string{"b", "c", "d", "first"}, kinds: make([]directory.Kind, 5), requests: 1,
		},
		"not more than one request takes": {
			group:   &group{most: 2},
			o:       protocol.Overrides{MaxPatchMembers: 2},
			changes: []protocol.MemberChange{adding("a"), adding("b"), adding("c", "d", "e"), adding("f")},
			want:    []string{"a", "b", "c", "d", "e", "f", "first"}, kinds: make([]directory.Kind, 4), requests: 4,
		},
		"who is added and removed is both, in that order": {
			group:   &group{},
			changes: []protocol.MemberChange{adding("a"), removing("a"), removing("b"), adding("b")},
			want:    []string{"b", "first"}, kinds: make([]directory.Kind, 4), requests: 3,
		},
		"nobody overtakes": {
			group:   &group{},
			changes: []protocol.MemberChange{adding("a"), removing("a"), adding("a"), adding("b")},
			want:    []string{"a", "b", "first"}, kinds: make([]directory.Kind, 4), requests: 3,
		},
		"the error of one is nobody else's": {
			group:   &group{members: []string{"z"}, unknown: "bad"},
			changes: []protocol.MemberChange{adding("a"), adding("b"), adding("bad"), adding("c"), removing("z")},
			want:    []string{"a", "b", "c", "first"}, kinds: []directory.Kind{"", "", directory.KindInvalid, "", ""}, requests: 9,
		},
		"removals in another form": {
			group:   &group{members: []string{"a", "b", "c"}, refusesPath: "invalidPath"},
			changes: []protocol.MemberChange{adding("d"), removing("a"), removing("b")},
			want:    []string{"c", "d", "first"}, kinds: make([]directory.Kind, 3), requests: 6,
		},
		"whom one removes who is not there": {
			group:   &group{members: []string{"a", "b"}, strict: true},
			changes: []protocol.MemberChange{adding("c"), removing("a"), removing("x")},
			want:    []string{"b", "c", "first"}, kinds: make([]directory.Kind, 3), requests: 5,
		},
	} {
		t.Run(reason, func(t *testing.T) {
			p := newProvider(t)
			c := p.client(overriding(tt.o))
			w := holdUpGroup(t, p, c, tt.group)
			p.reset()
			for _, m := range tt.changes {
				w.ask(changingMembers(c, m))
			}
			if diff := cmp.Diff(tt.kinds, w.kinds()); diff != "" {
				t.Errorf("how they ended (-want +got):\n%s", diff)
			}
			got := slices.Sorted(slices.Values(tt.group.members))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			if n := len(p.requests()); n != tt.requests {
				t.Errorf("%d requests, want %d: %v", n, tt.requests, p.lines())
			}
		})
	}
}

func TestChangesOfOneGroupGoTogetherByPut(t *testing.T) {
	p := newProvider(t)
	c := p.client(overriding(protocol.Overrides{Patch: protocol.No}))
	g := &group{members: []string{"a"}}
	w := &crowd{t: t, client: c, end: make(chan struct{}), entered: make(chan struct{})}
	w.waiting = func() int { return c.WaitingForGroup("g1") }
	g.at(p)
	var once sync.Once
	p.on("PUT /Groups/g1", func(answer http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			close(w.entered)
			<-w.end
		})
		g.put(answer, r)
	})
	w.begin(changingMembers(c, adding("first")))
	for i := range 20 {
		w.ask(changingMembers(c, adding(fmt.Sprintf("m%02d", i))))
	}
	w.ask(changingMembers(c, removing("a")))
	w.kinds()
	if len(g.members) != 21 || slices.Contains(g.members, "a") || len(p.requests()) != 4 {
		t.Errorf("%d members %v after %v", len(g.members), g.members, p.lines())
	}
}

// The outcome of a request that is lost is unknown to all of them.
func TestChangesOfOneGroupThatAreLost(t *testing.T) {
	p := newProvider(t)
	c := p.client()
	w := holdUpGroup(t, p, c, &group{})
	w.ask(changingMembers(c, adding("a")), changingMembers(c, adding("b")))
	p.on("PATCH /Groups/g1", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	p.reset()
	if diff := cmp.Diff([]directory.Kind{directory.KindUnavailable, directory.KindUnavailable}, w.kinds()); diff != "" {
		t.Errorf("how they ended (-want +got):\n%s", diff)
	}
	if n := len(p.requests()); n != 1 {
		t.Errorf("%d requests: %v", n, p.lines())
	}
}

// Of a group that is not there each change is told after one look for it; what is
// said of a member is about that member.
func TestChangesOfOneGroupThatIsNotThere(t *testing.T) {
	for reason, tt := range map[string]struct {
		there bool
		kinds []directory.Kind
		want  []string
	}{
		"the group": {
			kinds: []directory.Kind{directory.KindNotFound, directory.KindNotFound, directory.KindNotFound},
			want:  []string{"PATCH /Groups/g1", "GET /Groups/g1?attributes=displayName"},
		},
		"a member": {
			there: true,
			kinds: []directory.Kind{directory.KindNotFound, "", ""},
			want:  []string{"PATCH /Groups/g1", "GET /Groups/g1?attributes=displayName", "PATCH /Groups/g1", "PATCH /Groups/g1"},
		},
	} {
		p := newProvider(t)
		c := p.client()
		g := &group{}
		w := holdUpGroup(t, p, c, g)
		w.ask(changingMembers(c, adding("gone")), changingMembers(c, adding("a")), changingMembers(c, adding("b")))
		p.on("PATCH /Groups/g1", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if !tt.there || strings.Contains(string(body), "gone") {
				respond(w, 404, `{`+errorSchema+`}`)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			g.patch(w, r)
		})
		if !tt.there {
			p.answers("GET /Groups/g1", 404, `{`+errorSchema+`}`)
		}
		p.reset()
		if diff := cmp.Diff(tt.kinds, w.kinds()); diff != "" {
			t.Errorf("%s: how they ended (-want +got):\n%s", reason, diff)
		}
		if diff := cmp.Diff(tt.want, p.lines()); diff != "" {
			t.Errorf("%s: requests (-want +got):\n%s", reason, diff)
		}
	}
}

// TestManyChangesOfOneGroup is for the race detector: the end is exact.
func TestManyChangesOfOneGroup(t *testing.T) {
	p := newProvider(t)
	c := p.client(overriding(protocol.Overrides{MaxPatchMembers: 7}))
	g := &group{most: 7}
	g.at(p)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			id := fmt.Sprintf("m%02d", i)
			err := c.ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Add: []string{id, "x" + id}})
			if err == nil {
				err = c.ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Remove: []string{"x" + id}})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var want []string
	for i := range 60 {
		want = append(want, fmt.Sprintf("m%02d", i))
	}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(g.members))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// put replaces the members.
func (g *group) put(w http.ResponseWriter, r *http.Request) {
	var body struct{ Members []struct{ Value string } }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		respond(w, 400, "")
		return
	}
	g.mu.Lock()
	g.members = nil
	for _, m := range body.Members {
		g.members = append(g.members, m.Value)
	}
	g.mu.Unlock()
	respond(w, 200, g.json())
}

// Where the whole list is written back, it may hold somebody who was deleted after
// it was read.
func TestAMemberWhoIsDeletedBetweenReadAndPut(t *testing.T) {
	p := newProvider(t)
	c := p.client(overriding(protocol.Overrides{Patch: protocol.No}))
	g := &group{members: []string{"a", "gone"}}
	g.at(p)
	p.on("PUT /Groups/g1", func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(g.members, "gone") {
			g.members = []string{"a"}
			respond(w, 400, `{"scimType":"invalidValue"}`)
			return
		}
		g.put(w, r)
	})
	if err := changingMembers(c, adding("b"))(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b"}, g.members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}
