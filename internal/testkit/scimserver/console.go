package scimserver

import (
	"maps"
	"strings"

	"github.com/elimity-com/scim"
)

// User is a user as the store has it.
type User struct {
	// ID is made when it is empty.
	ID, ExternalID, UserName string
	Active                   bool
	// Attributes are all others, by their names in the schema; an extension's are
	// in a map under its URN. They are shared with the store: do not change them.
	Attributes map[string]any
	// Groups are the displayNames of those that the user is in. It is told, and
	// not taken: members belong to groups.
	Groups []string
}

// Group is a group as the store has it.
type Group struct {
	// ID is made when it is empty.
	ID, ExternalID, DisplayName string
	// Members are ids, in the order of joining.
	Members []string
}

// Users are all users in the order of their creation.
func (s *Server) Users() []User {
	s.mu.Lock()
	defer s.mu.Unlock()
	users := make([]User, 0, len(s.store.users.inOrder))
	for _, r := range s.store.users.inOrder {
		users = append(users, s.store.user(r))
	}
	return users
}

func (s *store) user(r *record) User {
	u := User{ID: r.id, ExternalID: r.externalID, UserName: r.name, Attributes: maps.Clone(map[string]any(r.attributes))}
	u.Active = is(u.Attributes["active"], true)
	delete(u.Attributes, "active")
	for _, group := range s.groupsOf(r.id) {
		u.Groups = append(u.Groups, group.name)
	}
	return u
}

// User is the first user of that userName, and whether there is one.
func (s *Server) User(userName string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.store.users.byName[strings.ToLower(userName)] {
		if r.name == userName {
			return s.store.user(r), true
		}
	}
	return User{}, false
}

// Groups are all groups in the order of their creation.
func (s *Server) Groups() []Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	groups := make([]Group, 0, len(s.store.groups.inOrder))
	for _, r := range s.store.groups.inOrder {
		groups = append(groups, s.store.group(r))
	}
	return groups
}

func (s *store) group(r *record) Group {
	return Group{ID: r.id, ExternalID: r.externalID, DisplayName: r.name, Members: s.membersOf(r.id)}
}

// Group is the first group of that displayName, and whether there is one.
func (s *Server) Group(displayName string) (Group, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.store.groups.byName[strings.ToLower(displayName)] {
		if r.name == displayName {
			return s.store.group(r), true
		}
	}
	return Group{}, false
}

// PutUser creates the user, or replaces the one with that ID, and returns the ID.
// Nothing is checked.
func (s *Server) PutUser(u User) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	attributes := copiedObject(u.Attributes)
	attributes["active"] = u.Active
	return s.put(s.store.users, record{id: u.ID, externalID: u.ExternalID, name: u.UserName, attributes: attributes})
}

// PutGroup creates the group, or replaces the one with that ID, and returns the
// ID. Nothing is checked.
func (s *Server) PutGroup(g Group) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.put(s.store.groups, record{
		id: g.ID, externalID: g.ExternalID, name: g.DisplayName, attributes: scim.ResourceAttributes{},
	})
	s.store.setMembers(id, g.Members)
	return id
}

func (s *Server) put(t *table, r record) string {
	s.stale = nil
	old, ok := t.byID[r.id]
	if ok && r.id != "" {
		r.order, r.created, r.version = old.order, old.created, old.version
	} else {
		s.store.made++
		r.order, r.created = s.store.made, s.now()
		if r.id == "" {
			r.id = s.provider.quirks.id(s.store.made)
		}
	}
	r.version++
	r.modified = s.now()
	t.put(&r)
	return r.id
}

// DeleteUser removes the user of that ID, and all memberships. One that is not
// there is fine.
func (s *Server) DeleteUser(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = nil
	s.store.removeUser(id)
}

// DeleteGroup removes the group of that ID. One that is not there is fine.
func (s *Server) DeleteGroup(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = nil
	s.store.removeGroup(id)
}
