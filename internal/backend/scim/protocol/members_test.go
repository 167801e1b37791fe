package protocol_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// group is a scripted group whose PATCH has quirks.
type group struct {
	// mu, because a handler that aborts synchronizes with nobody.
	mu      sync.Mutex
	members []string
	// refusesPath answers removals by path with this scimType.
	refusesPath string
	// ignoresValue removes everybody on a removal by value, as RFC 7644 reads to the letter.
	ignoresValue bool
	// strict answers removals of whom is not there with noTarget.
	strict bool
	// hides does not show members.
	hides bool
	// most is how many members a PATCH may have.
	most int
	// unknown is nobody's id.
	unknown string
}

type patchBody struct {
	Operations []struct {
		Op, Path string
		Value    []struct{ Value string }
	}
}

func (g *group) json() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []string
	for _, m := range g.members {
		list = append(list, fmt.Sprintf(`{"value":%q}`, m))
	}
	if g.hides {
		list = nil
	}
	return fmt.Sprintf(`{"schemas":[%q],"id":"g1","displayName":"G","members":[%s]}`, protocol.GroupSchema, strings.Join(list, ","))
}

func (g *group) empty() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.members) == 0
}

func (g *group) patch(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var body patchBody
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		respond(w, 400, `{"scimType":"invalidSyntax"}`)
		return
	}
	members, touched := slices.Clone(g.members), 0
	for _, o := range body.Operations {
		touched += max(1, len(o.Value))
		switch {
		case o.Op == "add":
			for _, v := range o.Value {
				if v.Value == g.unknown {
					respond(w, 400, `{"scimType":"invalidValue"}`)
					return
				}
				if !slices.Contains(members, v.Value) {
					members = append(members, v.Value)
				}
			}
		case o.Path == "members" && (g.ignoresValue || len(o.Value) == 0):
			members = nil
		case o.Path == "members":
			for _, v := range o.Value {
				members = slices.DeleteFunc(members, func(m string) bool { return m == v.Value })
			}
		case g.refusesPath != "":
			respond(w, 400, `{"scimType":"`+g.refusesPath+`"}`)
			return
		default:
			id := strings.TrimSuffix(strings.TrimPrefix(o.Path, `members[value eq "`), `"]`)
			if g.strict && !slices.Contains(members, id) {
				respond(w, 400, `{"scimType":"noTarget"}`)
				return
			}
			members = slices.DeleteFunc(members, func(m string) bool { return m == id })
		}
	}
	if g.most > 0 && touched > g.most {
		respond(w, 400, `{"scimType":"tooMany"}`)
		return
	}
	g.members = members
	w.WriteHeader(http.StatusNoContent)
}

func (g *group) at(p *provider) {
	p.on("PATCH /Groups/g1", g.patch)
	p.on("GET /Groups/g1", func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, g.json()) })
}

func TestMembersChange(t *testing.T) {
	for name, tt := range map[string]struct {
		reason   string
		group    *group
		o        protocol.Overrides
		change   protocol.MemberChange
		want     []string
		requests int
		kind     directory.Kind
	}{
		"add and remove": {
			"one PATCH for both",
			&group{members: []string{"a", "b"}},
			protocol.Overrides{},
			protocol.MemberChange{Add: []string{"c", "d"}, Remove: []string{"a"}},
			[]string{"b", "c", "d"},
			1, "",
		},
		"nothing": {"no request", &group{members: []string{"a"}}, protocol.Overrides{}, protocol.MemberChange{}, []string{"a"}, 0, ""},
		"chunks": {
			"never more than configured",
			&group{most: 2},
			protocol.Overrides{MaxPatchMembers: 2},
			protocol.MemberChange{Add: []string{"a", "b", "c", "d", "e"}},
			[]string{"a", "b", "c", "d", "e"},
			3, "",
		},
		"by value": {
			"as configured",
			&group{members: []string{"a", "b"}, refusesPath: "invalidPath"},
			protocol.Overrides{RemoveMembers: protocol.RemoveByValue},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"b"},
			1, "",
		},
		"by path only": {
			"configured, so that nothing else is tried",
			&group{members: []string{"a", "b"}, refusesPath: "invalidPath"},
			protocol.Overrides{RemoveMembers: protocol.RemoveByPath},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"a", "b"},
			1, directory.KindInvalid,
		},
		"learned": {
			"by path, read, by value, read",
			&group{members: []string{"a", "b"}, refusesPath: "invalidPath"},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"b"},
			4, "",
		},
		"learned from syntax": {
			"another word for it",
			&group{members: []string{"a", "b"}, refusesPath: "invalidSyntax"},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"b"},
			4, "",
		},
		"wiped": {
			"everybody is gone: the others are put back",
			&group{members: []string{"a", "b", "c"}, refusesPath: "invalidPath", ignoresValue: true},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"b", "c"},
			5, directory.KindUnsupported,
		},
		"everybody": {
			"nobody would show a mistake, and all shall go",
			&group{members: []string{"a", "b"}, refusesPath: "invalidPath", ignoresValue: true},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a", "b"}},
			nil, 3, "",
		},
		"not there": {
			"nothing to remove",
			&group{members: []string{"b"}, refusesPath: "invalidPath", ignoresValue: true},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"b"},
			2, "",
		},
		"hidden": {
			"no guard, no try",
			&group{members: []string{"a", "b"}, refusesPath: "invalidPath", hides: true},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"a", "b"},
			2, directory.KindUnsupported,
		},
		"no target": {
			"removing who is not there changes nothing",
			&group{members: []string{"a", "b"}, strict: true},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"x", "a"}},
			[]string{"b"},
			3, "",
		},
		"another refusal": {
			"which says nothing about the form",
			&group{members: []string{"a", "b"}, refusesPath: "mutability"},
			protocol.Overrides{},
			protocol.MemberChange{Remove: []string{"a"}},
			[]string{"a", "b"},
			1, directory.KindInvalid,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			tt.group.at(p)
			tt.change.Group = "g1"
			err := p.client(overriding(tt.o)).ChangeMembers(t.Context(), tt.change)
			if directory.KindOf(err) != tt.kind {
				t.Fatalf("%s: %v, want %q", tt.reason, err, tt.kind)
			}
			wantClean(t, err)
			slices.Sort(tt.group.members)
			if diff := cmp.Diff(tt.want, tt.group.members); diff != "" && len(tt.want)+len(tt.group.members) > 0 {
				t.Errorf("%s: members (-want +got):\n%s", tt.reason, diff)
			}
			if got := p.lines(); len(got) != tt.requests {
				t.Errorf("%s: %d requests, want %d: %v", tt.reason, len(got), tt.requests, got)
			}
		})
	}
}

func TestTheFormOfRemovalsIsLearnedOnce(t *testing.T) {
	p := newProvider(t)
	g := &group{members: []string{"a", "b", "c"}, refusesPath: "invalidPath"}
	g.at(p)
	c := p.client()
	remove := func(id string, requests int) {
		t.Helper()
		p.reset()
		if err := c.ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Remove: []string{id}}); err != nil || len(p.lines()) != requests {
			t.Errorf("%v, %v, want %d requests", err, p.lines(), requests)
		}
	}
	remove("a", 4)
	remove("b", 1)
	if f, err := c.Features(t.Context()); err != nil || f.RemoveMembers != protocol.RemoveByValue {
		t.Errorf("the form is not told: %q, %v", f.RemoveMembers, err)
	}
}

func TestMembersChangeByPutWherePatchIsNotSupported(t *testing.T) {
	for name, config := range map[string]string{"discovered": `{"patch":{"supported":false}}`, "answered": `{"patch":{"supported":true}}`} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.config(config)
			g := &group{members: []string{"a", "b"}}
			g.at(p)
			p.answers("PATCH /Groups/g1", 501, "")
			p.on("PUT /Groups/g1", func(w http.ResponseWriter, r *http.Request) {
				var body struct{ Members []struct{ Value string } }
				_ = json.NewDecoder(r.Body).Decode(&body)
				g.members = nil
				for _, m := range body.Members {
					g.members = append(g.members, m.Value)
				}
				respond(w, 200, g.json())
			})
			err := p.client().ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Add: []string{"c", "b"}, Remove: []string{"a"}})
			if diff := cmp.Diff([]string{"b", "c"}, g.members); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestMembersArePutBackWhenNobodyKnowsWhetherTheyAreGone(t *testing.T) {
	p := newProvider(t)
	g := &group{members: []string{"a", "b", "c"}, refusesPath: "invalidPath", ignoresValue: true}
	g.at(p)
	p.on("GET /Groups/g1", func(w http.ResponseWriter, _ *http.Request) {
		if g.empty() {
			panic(http.ErrAbortHandler)
		}
		respond(w, 200, g.json())
	})
	err := p.client().ChangeMembers(t.Context(), protocol.MemberChange{Group: "g1", Remove: []string{"a"}})
	wantKind(t, err, directory.KindUnavailable)
	if diff := cmp.Diff([]string{"b", "c"}, g.members); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}
