package scimserver

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim"
)

// record is a user or a group. It is never changed, only replaced.
type record struct {
	id         string
	externalID string
	// name is userName or displayName.
	name string
	// attributes are without id, externalId, meta, groups and members.
	attributes scim.ResourceAttributes
	created    time.Time
	modified   time.Time
	version    int
	// order is that of creation.
	order int
}

// table holds the records of one kind.
type table struct {
	byID       map[string]*record
	byName     map[string][]*record
	byExternal map[string][]*record
	// inOrder is sorted by order.
	inOrder []*record
}

func newTable() *table {
	return &table{byID: map[string]*record{}, byName: map[string][]*record{}, byExternal: map[string][]*record{}}
}

func (t *table) clone() *table {
	return &table{
		byID:       maps.Clone(t.byID),
		byName:     cloneLists(t.byName),
		byExternal: cloneLists(t.byExternal),
		inOrder:    slices.Clone(t.inOrder),
	}
}

func cloneLists(lists map[string][]*record) map[string][]*record {
	clone := make(map[string][]*record, len(lists))
	for key, list := range lists {
		clone[key] = slices.Clone(list)
	}
	return clone
}

func byOrder(a, b *record) int { return cmp.Compare(a.order, b.order) }

// put adds the record, or replaces the one with its id.
func (t *table) put(r *record) {
	t.remove(r.id)
	at, _ := slices.BinarySearchFunc(t.inOrder, r, byOrder)
	t.inOrder = slices.Insert(t.inOrder, at, r)
	t.byID[r.id] = r
	name := strings.ToLower(r.name)
	t.byName[name] = append(t.byName[name], r)
	if r.externalID != "" {
		t.byExternal[r.externalID] = append(t.byExternal[r.externalID], r)
	}
}

func (t *table) remove(id string) {
	r, ok := t.byID[id]
	if !ok {
		return
	}
	delete(t.byID, id)
	if at, found := slices.BinarySearchFunc(t.inOrder, r, byOrder); found {
		t.inOrder = slices.Delete(t.inOrder, at, at+1)
	}
	drop(t.byName, strings.ToLower(r.name), r)
	drop(t.byExternal, r.externalID, r)
}

func drop(lists map[string][]*record, key string, r *record) {
	left := slices.DeleteFunc(lists[key], func(other *record) bool { return other == r })
	if len(left) == 0 {
		delete(lists, key)
		return
	}
	lists[key] = left
}

// taken says whether another record than that of id has the name.
func (t *table) taken(name, id string) bool {
	return slices.ContainsFunc(t.byName[strings.ToLower(name)], func(r *record) bool { return r.id != id })
}

// store is all that the service provider knows. Its lock is the server's.
type store struct {
	users, groups *table
	// members of a group, by their order of joining.
	members map[string]map[string]int
	// memberOf are the groups that a user or a group is in.
	memberOf map[string]map[string]struct{}
	// made counts resources, joined memberships.
	made, joined int
}

func newStore() *store {
	return &store{
		users: newTable(), groups: newTable(),
		members: map[string]map[string]int{}, memberOf: map[string]map[string]struct{}{},
	}
}

func (s *store) clone() *store {
	c := *s
	c.users, c.groups = s.users.clone(), s.groups.clone()
	c.members = make(map[string]map[string]int, len(s.members))
	for id, members := range s.members {
		c.members[id] = maps.Clone(members)
	}
	c.memberOf = make(map[string]map[string]struct{}, len(s.memberOf))
	for id, groups := range s.memberOf {
		c.memberOf[id] = maps.Clone(groups)
	}
	return &c
}

// join says whether the member is a new one.
func (s *store) join(group, member string) bool {
	if _, already := s.members[group][member]; already {
		return false
	}
	if s.members[group] == nil {
		s.members[group] = map[string]int{}
	}
	if s.memberOf[member] == nil {
		s.memberOf[member] = map[string]struct{}{}
	}
	s.joined++
	s.members[group][member] = s.joined
	s.memberOf[member][group] = struct{}{}
	return true
}

// leave says whether there was such a member.
func (s *store) leave(group, member string) bool {
	_, was := s.members[group][member]
	delete(s.members[group], member)
	delete(s.memberOf[member], group)
	return was
}

// setMembers makes the group's members exactly these, and says whether that
// changed any.
func (s *store) setMembers(group string, wanted []string) bool {
	changed := false
	stays := make(map[string]struct{}, len(wanted))
	for _, member := range wanted {
		stays[member] = struct{}{}
	}
	for member := range maps.Clone(s.members[group]) {
		if _, ok := stays[member]; !ok {
			s.leave(group, member)
			changed = true
		}
	}
	for _, member := range wanted {
		changed = s.join(group, member) || changed
	}
	return changed
}

func (s *store) membersOf(group string) []string {
	members := s.members[group]
	return slices.SortedFunc(maps.Keys(members), func(a, b string) int { return cmp.Compare(members[a], members[b]) })
}

func (s *store) groupsOf(member string) []*record {
	var groups []*record
	for id := range s.memberOf[member] {
		if r, ok := s.groups.byID[id]; ok {
			groups = append(groups, r)
		}
	}
	slices.SortFunc(groups, byOrder)
	return groups
}

func (s *store) removeUser(id string) {
	s.users.remove(id)
	s.forget(id)
}

func (s *store) removeGroup(id string) {
	s.groups.remove(id)
	for member := range maps.Clone(s.members[id]) {
		s.leave(id, member)
	}
	delete(s.members, id)
	s.forget(id)
}

// forget takes the resource out of every group.
func (s *store) forget(id string) {
	for group := range maps.Clone(s.memberOf[id]) {
		s.leave(group, id)
	}
	delete(s.memberOf, id)
}

func (s *store) exists(id string) bool {
	return s.users.byID[id] != nil || s.groups.byID[id] != nil
}
