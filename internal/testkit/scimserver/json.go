package scimserver

import (
	"maps"

	"github.com/elimity-com/scim"
)

// object is the value when it is an object, and nil otherwise.
func object(value any) map[string]any {
	m, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	return m
}

// text is the value when it is a string, and empty otherwise.
func text(value any) string {
	s, ok := value.(string)
	if !ok {
		return ""
	}
	return s
}

// is says whether the value is that boolean.
func is(value any, wanted bool) bool {
	b, ok := value.(bool)
	return ok && b == wanted
}

// elements are those of a list; one value is a list of one, and nothing is none.
func elements(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	default:
		return []any{value}
	}
}

// copiedObject is a copy that shares nothing with the attributes.
func copiedObject(attributes scim.ResourceAttributes) map[string]any {
	m := make(map[string]any, len(attributes))
	maps.Copy(m, attributes)
	return object(copied(m))
}

// copied is a copy that shares nothing with the value.
func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(value))
		for key, v := range value {
			m[key] = copied(v)
		}
		return m
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = copied(v)
		}
		return list
	default:
		return value
	}
}
