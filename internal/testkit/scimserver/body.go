package scimserver

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/schema"
	filter "github.com/scim2/filter-parser/v2"
)

// operation is one of a PATCH, as it was sent.
type operation struct {
	Op    string          `json:"op"`
	Path  string          `json:"path,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
}

type patchBody struct {
	Schemas    []string    `json:"schemas"`
	Operations []operation `json:"Operations"`
}

func badRequest(scimType scimerrors.ScimType, detail string) *scimerrors.ScimError {
	return &scimerrors.ScimError{Status: http.StatusBadRequest, ScimType: scimType, Detail: detail}
}

// preparePatch refuses what this service provider does not take in a PATCH, and
// writes the rest so that the library does.
func (p *provider) preparePatch(r *http.Request) *scimerrors.ScimError {
	raw, body, refusal := decodePatch(r)
	if refusal != nil {
		return refusal
	}
	setBody(r, raw)
	var operations []operation
	changes := 0
	for _, op := range body.Operations {
		if refusal := p.patchRefusal(op); refusal != nil {
			return refusal
		}
		if p.quirks.WrappedMembers && strings.EqualFold(op.Path, "members") {
			op.Value = unwrapped(op.Value)
		}
		changes += memberChanges(op)
		operations = append(operations, p.expanded(op)...)
	}
	if limit := p.quirks.MemberChanges; limit > 0 && changes > limit {
		return badRequest(scimerrors.ScimTypeInvalidValue, "Too many membership changes in one request.")
	}
	body.Operations = operations
	encoded, err := json.Marshal(body)
	if err != nil {
		return &scimerrors.ScimErrorInvalidSyntax
	}
	setBody(r, encoded)
	return nil
}

func decodePatch(r *http.Request) ([]byte, patchBody, *scimerrors.ScimError) {
	var body patchBody
	raw, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(raw, &body) != nil {
		return nil, body, &scimerrors.ScimErrorInvalidSyntax
	}
	return raw, body, nil
}

func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

func (p *provider) patchRefusal(op operation) *scimerrors.ScimError {
	q := p.quirks
	lower := strings.ToLower(op.Op)
	if q.CapitalisedOps && lower != "" && op.Op != strings.ToUpper(lower[:1])+lower[1:] {
		return badRequest(scimerrors.ScimTypeInvalidSyntax, "Unknown operation "+op.Op+".")
	}
	ofMembers := strings.HasPrefix(strings.ToLower(op.Path), "members")
	picks := strings.Contains(op.Path, "[")
	all := ofMembers && !picks && (lower == "replace" || lower == "remove" && (q.RemoveMembers == RemoveByFilter || op.Value == nil))
	switch {
	case q.NoValuePaths && picks, q.RemoveMembers == RemoveByValue && ofMembers && picks:
		return badRequest(scimerrors.ScimTypeInvalidPath, "Filters in paths are not supported.")
	case q.NoMemberReplace && all:
		return badRequest(scimerrors.ScimTypeInvalidValue, "All members cannot be replaced or removed at once.")
	}
	return nil
}

// unwrapped is the list inside of {"members": [...]}.
func unwrapped(value json.RawMessage) json.RawMessage {
	var wrapped struct {
		Members json.RawMessage `json:"members"`
	}
	if json.Unmarshal(value, &wrapped) == nil && wrapped.Members != nil {
		return wrapped.Members
	}
	return value
}

// memberChanges counts the members that an operation adds or removes.
func memberChanges(op operation) int {
	list := op.Value
	switch path := strings.ToLower(op.Path); {
	case path == "":
		list = unwrapped(op.Value)
	case strings.HasPrefix(path, "members["):
		return 1
	case path != "members":
		return 0
	}
	var members []json.RawMessage
	if json.Unmarshal(list, &members) != nil {
		return 0
	}
	return len(members)
}

// expanded is the operation as the library takes it: it does not know that a
// whole extension can be the target, by a path or as a part of the resource.
func (p *provider) expanded(op operation) []operation {
	if op.Path != "" {
		return p.perAttribute(op, op.Path, op.Value)
	}
	var values map[string]json.RawMessage
	if json.Unmarshal(op.Value, &values) != nil {
		return []operation{op}
	}
	var all []operation
	for name, value := range values {
		if e, ok := p.extension(name); ok {
			all = append(all, p.perAttribute(op, e.ID, value)...)
			delete(values, name)
		}
	}
	if len(values) == 0 {
		return all
	}
	rest, err := json.Marshal(values)
	if err != nil {
		return []operation{op}
	}
	return append(all, operation{Op: op.Op, Value: rest})
}

func (p *provider) perAttribute(op operation, path string, value json.RawMessage) []operation {
	e, ok := p.extension(path)
	var values map[string]json.RawMessage
	if !ok || json.Unmarshal(value, &values) != nil {
		return []operation{op}
	}
	var all []operation
	for name, one := range values {
		all = append(all, operation{Op: op.Op, Path: e.ID + ":" + name, Value: one})
	}
	return all
}

func (p *provider) extension(id string) (schema.Schema, bool) {
	for _, e := range p.handlers[kindUser].extensions {
		if strings.EqualFold(e.ID, id) {
			return e, true
		}
	}
	return schema.Schema{}, false
}

// bodyRefusal is for bodies of POST and PUT with too many members or unknown
// attributes.
func (p *provider) bodyRefusal(r *http.Request, path string) *scimerrors.ScimError {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		return nil
	}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return &scimerrors.ScimErrorInvalidSyntax
	}
	setBody(r, raw)
	// When it is no object, the library says so.
	body := fields(raw)
	var members []json.RawMessage
	if json.Unmarshal(body["members"], &members) == nil {
		if limit := p.quirks.MemberChanges; limit > 0 && len(members) > limit {
			return badRequest(scimerrors.ScimTypeInvalidValue, "Too many members in one request.")
		}
	}
	if !p.quirks.RejectUnknown {
		return nil
	}
	h := p.handlers[kindUser]
	if strings.HasPrefix(path, kindGroup.endpoint()) {
		h = p.handlers[kindGroup]
	}
	for name := range body {
		if !h.knows(name) {
			return badRequest(scimerrors.ScimTypeInvalidSyntax, "Unknown attribute "+name+".")
		}
	}
	return nil
}

// fields of an object; none when it is no object.
func fields(raw []byte) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return map[string]json.RawMessage{}
	}
	return object
}

// knows says whether an attribute is one of the schemas.
func (h handler) knows(name string) bool {
	for _, e := range h.extensions {
		if strings.EqualFold(e.ID, name) {
			return true
		}
	}
	for _, common := range []string{"schemas", "id", "meta"} {
		if strings.EqualFold(common, name) {
			return true
		}
	}
	path, err := filter.ParseAttrPath([]byte(name))
	if err != nil {
		return false
	}
	_, ok := withExternalID(h.core).Attributes.ContainsAttribute(path.AttributeName)
	return ok
}
