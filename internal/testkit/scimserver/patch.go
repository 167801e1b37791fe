package scimserver

import (
	"reflect"
	"slices"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/schema"
	filter "github.com/scim2/filter-parser/v2"
)

// patcher applies operations to attributes of its own (RFC 7644 section 3.5.2).
// The library's own ApplyPatch keeps extensions apart from where it answers
// them, and refuses to add what is there already.
type patcher struct {
	core       schema.Schema
	extensions []schema.Schema
	attributes map[string]any
}

// place is where an operation acts: an attribute in the resource or in an
// extension, and what is picked from it.
type place struct {
	within    map[string]any
	attribute schema.CoreAttribute
	// sub is the sub-attribute, picked the filter on elements; either may be unset.
	sub    string
	picked filter.Expression
}

func (p patcher) apply(op scim.PatchOperation) error {
	if op.Path == nil {
		return p.applyToResource(op)
	}
	at, err := p.find(*op.Path)
	if err != nil {
		return err
	}
	if at.attribute.Mutability() == "readOnly" {
		return errors.ScimErrorMutability
	}
	if op.Op == scim.PatchOperationRemove {
		return at.remove()
	}
	return at.set(op.Value, op.Op == scim.PatchOperationReplace)
}

func (p patcher) applyToResource(op scim.PatchOperation) error {
	values, ok := op.Value.(map[string]any)
	if !ok {
		return errors.ScimErrorInvalidValue
	}
	for name, value := range values {
		path, err := filter.ParsePath([]byte(name))
		if err != nil {
			return errors.ScimErrorInvalidPath
		}
		if err := p.apply(scim.PatchOperation{Op: op.Op, Path: &path, Value: value}); err != nil {
			return err
		}
	}
	return nil
}

func (p patcher) find(path filter.Path) (place, error) {
	known, within := p.core, p.attributes
	if uri := path.AttributePath.URI(); uri != "" && uri != p.core.ID {
		i := slices.IndexFunc(p.extensions, func(e schema.Schema) bool { return e.ID == uri })
		if i < 0 {
			return place{}, errors.ScimErrorInvalidPath
		}
		known = p.extensions[i]
		inside, ok := p.attributes[uri].(map[string]any)
		if !ok {
			inside = map[string]any{}
			p.attributes[uri] = inside
		}
		within = inside
	}
	attribute, ok := known.Attributes.ContainsAttribute(path.AttributePath.AttributeName)
	if !ok {
		return place{}, errors.ScimErrorInvalidPath
	}
	sub := path.AttributePath.SubAttributeName()
	if sub == "" {
		sub = path.SubAttributeName()
	}
	if found, ok := attribute.SubAttributes().ContainsAttribute(sub); ok {
		sub = found.Name()
	}
	return place{within: within, attribute: attribute, sub: sub, picked: path.ValueExpression}, nil
}

func (at place) remove() error {
	name := at.attribute.Name()
	list, isList := at.within[name].([]any)
	switch {
	case at.picked == nil && at.sub == "":
		if at.attribute.Required() {
			return errors.ScimErrorMutability
		}
		delete(at.within, name)
	case at.picked == nil:
		if m, ok := at.within[name].(map[string]any); ok {
			delete(m, at.sub)
		}
	case isList && at.sub == "":
		at.keep(slices.DeleteFunc(list, at.picks))
	case isList:
		for _, element := range list {
			if at.picks(element) {
				delete(object(element), at.sub)
			}
		}
	}
	return nil
}

func (at place) keep(list []any) {
	if len(list) == 0 {
		delete(at.within, at.attribute.Name())
		return
	}
	at.within[at.attribute.Name()] = list
}

func (at place) picks(element any) bool {
	m, ok := element.(map[string]any)
	return ok && matches(m, at.picked)
}

func (at place) set(value any, replace bool) error {
	name := at.attribute.Name()
	switch {
	case at.picked != nil:
		return at.setPicked(value)
	case at.sub != "":
		m, ok := at.within[name].(map[string]any)
		if !ok {
			m = map[string]any{}
			at.within[name] = m
		}
		m[at.sub] = value
	case at.attribute.MultiValued() && replace:
		at.keep(elements(value))
	case at.attribute.MultiValued():
		at.add(elements(value))
	case at.attribute.HasSubAttributes():
		at.within[name] = merged(object(at.within[name]), value)
	default:
		at.within[name] = value
	}
	return nil
}

// add appends what is not there yet, and leaves one primary element at most: the
// newest.
func (at place) add(values []any) {
	list := elements(at.within[at.attribute.Name()])
	for _, value := range values {
		if slices.ContainsFunc(list, func(there any) bool { return reflect.DeepEqual(there, value) }) {
			continue
		}
		if is(object(value)["primary"], true) {
			demote(list)
		}
		list = append(list, value)
	}
	at.keep(list)
}

func demote(list []any) {
	for _, element := range list {
		if m := object(element); is(m["primary"], true) {
			m["primary"] = false
		}
	}
}

func (at place) setPicked(value any) error {
	list := elements(at.within[at.attribute.Name()])
	found := false
	for i, element := range list {
		if !at.picks(element) {
			continue
		}
		found = true
		m := object(element)
		if at.sub != "" {
			m[at.sub] = value
			continue
		}
		list[i] = merged(m, value)
	}
	if !found {
		return errors.ScimErrorNoTarget
	}
	return nil
}

func merged(into map[string]any, value any) any {
	from, ok := value.(map[string]any)
	if !ok {
		return value
	}
	all := map[string]any{}
	for _, part := range []map[string]any{into, from} {
		for key, v := range part {
			if v != nil {
				all[key] = v
			}
		}
	}
	return all
}
