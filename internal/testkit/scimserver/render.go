package scimserver

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/optional"
)

// selection is what a client wants to be told of a resource (RFC 7644 section
// 3.9).
type selection struct{ only, without []string }

func selectionOf(r *http.Request) selection {
	query := r.URL.Query()
	return selection{only: names(query.Get("attributes")), without: names(query.Get("excludedAttributes"))}
}

func names(list string) []string {
	split := func(r rune) bool { return r == ',' || r == ' ' }
	return strings.FieldsFunc(strings.ToLower(list), split)
}

// wants says whether an attribute is answered. A part of it counts as the whole.
func (s selection) wants(attribute string) bool {
	name := strings.ToLower(attribute)
	if slices.Contains(s.without, name) {
		return false
	}
	return len(s.only) == 0 || slices.ContainsFunc(s.only, func(only string) bool {
		return only == name || strings.HasPrefix(only, name+".") || strings.HasPrefix(only, name+":")
	})
}

// resource is the record as this service provider answers it.
func (h handler) resource(s *store, r *record, wanted selection, listed bool) scim.Resource {
	attributes := scim.ResourceAttributes{}
	for name, value := range r.attributes {
		if wanted.wants(name) {
			attributes[name] = value
		}
	}
	if wanted.wants(h.kind.nameAttribute()) {
		attributes[h.kind.nameAttribute()] = r.name
	}
	if h.kind == kindGroup {
		h.addMembers(s, r, attributes, wanted, listed)
	} else {
		h.addGroups(s, r, attributes, wanted)
	}
	out := scim.Resource{ID: r.id, Attributes: attributes}
	out.Meta.Created, out.Meta.LastModified = &r.created, &r.modified
	if h.quirks.ETags {
		out.Meta.Version = r.tag()
	}
	if r.externalID != "" && wanted.wants("externalId") {
		out.ExternalID = optional.NewString(r.externalID)
	}
	return out
}

func (h handler) addMembers(s *store, r *record, attributes scim.ResourceAttributes, wanted selection, listed bool) {
	hidden := h.quirks.GroupWithoutMembers || listed && h.quirks.GroupsWithoutMembers
	if hidden || !wanted.wants("members") || len(s.members[r.id]) == 0 {
		return
	}
	attributes["members"] = h.server.references(s, s.membersOf(r.id))
}

func (h handler) addGroups(s *store, r *record, attributes scim.ResourceAttributes, wanted selection) {
	if active, ok := attributes["active"].(bool); ok && h.quirks.ActiveAsString {
		attributes["active"] = map[bool]string{true: "True", false: "False"}[active]
	}
	if h.quirks.UsersWithoutEmails {
		delete(attributes, "emails")
	}
	if h.quirks.UsersWithoutGroups || h.quirks.NoGroups || !wanted.wants("groups") {
		return
	}
	var groups []any
	for _, group := range s.groupsOf(r.id) {
		groups = append(groups, map[string]any{
			"value": group.id, "display": group.name, "type": "direct", "$ref": h.server.location(kindGroup, group.id),
		})
	}
	if len(groups) > 0 {
		attributes["groups"] = groups
	}
}

// references are members, as a group tells them.
func (s *Server) references(from *store, ids []string) []any {
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		k := kind(from.typeOf(id))
		members = append(members, map[string]any{"value": id, "type": string(k), "$ref": s.location(k, id)})
	}
	return members
}

func (s *Server) location(k kind, id string) string {
	return s.URL() + k.endpoint() + "/" + url.PathEscape(id)
}

// filterable is the record as filters see it: by the book, whatever is answered.
func (h handler) filterable(s *store, r *record) map[string]any {
	by := h
	by.quirks = Quirks{}
	all := maps.Clone(map[string]any(by.resource(s, r, selection{}, false).Attributes))
	all["id"], all["externalId"] = r.id, r.externalID
	all["meta"] = map[string]any{
		"resourceType": string(h.kind),
		"created":      r.created.UTC().Format(time.RFC3339), "lastModified": r.modified.UTC().Format(time.RFC3339),
	}
	return all
}
