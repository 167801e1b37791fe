package scimserver

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/schema"
)

// kind is a resource type.
type kind string

const (
	kindUser  kind = "User"
	kindGroup kind = "Group"
)

func (k kind) nameAttribute() string {
	if k == kindGroup {
		return "displayName"
	}
	return "userName"
}

func (k kind) endpoint() string { return "/" + string(k) + "s" }

// handler is the library's callback for one kind of resource.
type handler struct {
	server     *Server
	quirks     Quirks
	kind       kind
	core       schema.Schema
	extensions []schema.Schema
}

func (h handler) table(s *store) *table {
	if h.kind == kindGroup {
		return s.groups
	}
	return s.users
}

// Create implements [scim.ResourceHandler].
func (h handler) Create(r *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.changing(h.quirks)
	return h.replace(r, record{version: 0}, s, attributes)
}

// Replace implements [scim.ResourceHandler].
func (h handler) Replace(r *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.changing(h.quirks)
	old, err := h.current(r, s, id)
	if err != nil {
		return scim.Resource{}, err
	}
	return h.replace(r, *old, s, attributes)
}

// replace writes the record anew with all that a body says.
func (h handler) replace(r *http.Request, old record, s *store, attributes scim.ResourceAttributes) (scim.Resource, error) {
	plan := newMemberPlan(s, old.id, h.quirks.RemoveMembers)
	plan.whole = true
	if err := plan.set(attributes["members"], true); err != nil {
		return scim.Resource{}, err
	}
	updated := h.described(old, attributes)
	if err := h.check(s, updated); err != nil {
		return scim.Resource{}, err
	}
	if updated.id == "" {
		s.made++
		updated.id, updated.order, updated.created = h.quirks.id(s.made), s.made, h.server.now()
		plan.group = updated.id
	}
	h.write(s, old, updated, plan)
	return h.resource(s, h.written(s, updated), selectionOf(r), false), nil
}

// described is the record with all that a body says, and nothing else.
func (h handler) described(old record, attributes scim.ResourceAttributes) record {
	updated := old
	all := copiedObject(attributes)
	updated.externalID = text(all["externalId"])
	if h.quirks.NoExternalID {
		updated.externalID = ""
	}
	updated.name = text(all[h.kind.nameAttribute()])
	apart := []string{"id", "externalId", "meta", "schemas", "groups", "members", "password", h.kind.nameAttribute()}
	for _, name := range apart {
		delete(all, name)
	}
	if _, said := all["active"]; !said && h.kind == kindUser {
		all["active"] = true
	}
	updated.attributes = all
	return updated
}

// check refuses what must be unique and is not.
func (h handler) check(s *store, r record) error {
	t := h.table(s)
	if (h.kind == kindUser || h.quirks.UniqueGroupNames) && t.taken(r.name, r.id) {
		return errors.ScimErrorUniqueness
	}
	if !h.quirks.UniqueExternalID || r.externalID == "" {
		return nil
	}
	for _, other := range t.byExternal[r.externalID] {
		if other.id != r.id {
			return errors.ScimErrorUniqueness
		}
	}
	return nil
}

// write keeps the record when it, or its members, differ from the old.
func (h handler) write(s *store, old, updated record, plan *memberPlan) {
	moved := h.kind == kindGroup && plan.carryOut()
	same := old.id != "" && old.externalID == updated.externalID && old.name == updated.name &&
		reflect.DeepEqual(map[string]any(old.attributes), map[string]any(updated.attributes))
	if same && !moved {
		return
	}
	updated.version++
	updated.modified = h.server.now()
	h.table(s).put(&updated)
	if h.kind == kindUser && h.quirks.DeactivationDeletes && is(updated.attributes["active"], false) {
		s.removeUser(updated.id)
	}
}

// written is the record as it was kept.
func (h handler) written(s *store, updated record) *record {
	if kept, ok := h.table(s).byID[updated.id]; ok {
		return kept
	}
	return &updated
}

// Get implements [scim.ResourceHandler].
func (h handler) Get(r *http.Request, id string) (scim.Resource, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.reading()
	found, ok := h.table(s).byID[id]
	if !ok {
		return scim.Resource{}, errors.ScimErrorResourceNotFound(id)
	}
	return h.resource(s, found, selectionOf(r), false), nil
}

// Delete implements [scim.ResourceHandler].
func (h handler) Delete(r *http.Request, id string) error {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.changing(h.quirks)
	old, err := h.current(r, s, id)
	if err != nil {
		return err
	}
	switch {
	case h.kind == kindGroup:
		s.removeGroup(id)
	case h.quirks.DeleteDeactivates:
		updated := *old
		attributes := copiedObject(old.attributes)
		attributes["active"] = false
		updated.attributes = attributes
		h.write(s, *old, updated, nil)
	default:
		s.removeUser(id)
	}
	return nil
}

// Patch implements [scim.ResourceHandler].
func (h handler) Patch(r *http.Request, id string, operations []scim.PatchOperation) (scim.Resource, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.changing(h.quirks)
	old, err := h.current(r, s, id)
	if err != nil {
		return scim.Resource{}, err
	}
	attributes := copiedObject(old.attributes)
	attributes[h.kind.nameAttribute()] = old.name
	if old.externalID != "" {
		attributes["externalId"] = old.externalID
	}
	plan := newMemberPlan(s, id, h.quirks.RemoveMembers)
	if err := h.patched(attributes, plan, operations); err != nil {
		return scim.Resource{}, err
	}
	updated := h.described(*old, attributes)
	if err := h.check(s, updated); err != nil {
		return scim.Resource{}, err
	}
	h.write(s, *old, updated, plan)
	if h.quirks.NoContent {
		return scim.Resource{}, nil
	}
	return h.resource(s, h.written(s, updated), selectionOf(r), false), nil
}

func (h handler) patched(attributes map[string]any, plan *memberPlan, operations []scim.PatchOperation) error {
	p := patcher{core: withExternalID(h.core), extensions: h.extensions, attributes: attributes}
	for _, op := range operations {
		rest := &op
		if h.kind == kindGroup {
			var err error
			if rest, err = plan.take(op); err != nil {
				return err
			}
		}
		if rest == nil {
			continue
		}
		if err := p.apply(*rest); err != nil {
			return err
		}
	}
	return nil
}

// current is the record to change, if there is one and the request's If-Match
// does not speak of another version.
func (h handler) current(r *http.Request, s *store, id string) (*record, error) {
	old, ok := h.table(s).byID[id]
	if !ok {
		return nil, errors.ScimErrorResourceNotFound(id)
	}
	if tag := r.Header.Get("If-Match"); h.quirks.ETags && tag != "" && tag != "*" && tag != old.tag() {
		return nil, errors.ScimError{Status: http.StatusPreconditionFailed, Detail: "The resource has changed."}
	}
	return old, nil
}

func (r *record) tag() string { return fmt.Sprintf(`W/"%d"`, r.version) }
