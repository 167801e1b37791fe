package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Value is a JSON value: of an attribute, a sub-attribute or a whole resource.
// It is immutable. The zero Value is an attribute that is not there, which RFC
// 7643 section 2.5 makes the same as null and as an empty list.
type Value struct {
	raw any // nil, string, bool, json.Number, []any or map[string]any
}

// Field is a sub-attribute of an [Object].
type Field struct {
	Name  string
	Value Value
}

// String returns a JSON string.
func String(s string) Value { return Value{raw: s} }

// Bool returns a JSON boolean.
func Bool(b bool) Value { return Value{raw: b} }

// Int returns a JSON number.
func Int(n int64) Value { return Value{raw: json.Number(strconv.FormatInt(n, 10))} }

// List returns a JSON array.
func List(values ...Value) Value {
	raw := make([]any, len(values))
	for i, v := range values {
		raw[i] = v.raw
	}
	return Value{raw: raw}
}

// Object returns a JSON object. Fields that are not set are left out.
func Object(fields ...Field) Value {
	raw := make(map[string]any, len(fields))
	for _, f := range fields {
		if f.Value.raw != nil {
			raw[f.Name] = f.Value.raw
		}
	}
	return Value{raw: raw}
}

// ParseValue reads one JSON value and nothing after it.
func ParseValue(data []byte) (Value, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var raw any
	if err := decoder.Decode(&raw); err != nil {
		return Value{}, fmt.Errorf("not json: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return Value{}, fmt.Errorf("not json: something follows the value")
	}
	return Value{raw: raw}, nil
}

// MarshalJSON implements [json.Marshaler]; names are sorted.
func (v Value) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v.raw); err != nil {
		return nil, fmt.Errorf("write json: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// IsSet reports whether there is a value: not null and not an empty list.
func (v Value) IsSet() bool {
	list, isList := v.raw.([]any)
	return v.raw != nil && (!isList || len(list) > 0)
}

// Text returns the text of a string or number; false for anything else. Some
// service providers write identifiers as numbers.
func (v Value) Text() (string, bool) {
	switch raw := v.raw.(type) {
	case string:
		return raw, true
	case json.Number:
		return raw.String(), true
	}
	return "", false
}

// Bool returns a boolean; false for anything else. The strings "true" and "false"
// count, in any case: Entra ID has made service providers speak so.
func (v Value) Bool() (bool, bool) {
	switch raw := v.raw.(type) {
	case bool:
		return raw, true
	case string:
		if strings.EqualFold(raw, "true") || strings.EqualFold(raw, "false") {
			return strings.EqualFold(raw, "true"), true
		}
	}
	return false, false
}

// Int returns an integer, also from a string; false for anything else.
func (v Value) Int() (int64, bool) {
	text, ok := v.Text()
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// IsObject reports whether it is a complex value.
func (v Value) IsObject() bool {
	_, ok := v.raw.(map[string]any)
	return ok
}

// IsList reports whether it is a list.
func (v Value) IsList() bool {
	_, ok := v.raw.([]any)
	return ok
}

// Elements returns the values of a list, a single value as the only one, and
// none when nothing is set.
func (v Value) Elements() []Value {
	list, ok := v.raw.([]any)
	if !ok {
		if v.raw == nil {
			return nil
		}
		return []Value{v}
	}
	values := make([]Value, len(list))
	for i, raw := range list {
		values[i] = Value{raw: raw}
	}
	return values
}

// Get returns a sub-attribute of a complex value, or the zero Value. Names are
// compared without regard to case (RFC 7643 section 2.1).
func (v Value) Get(name string) Value {
	object, ok := v.raw.(map[string]any)
	if !ok {
		return Value{}
	}
	return Value{raw: object[fieldName(object, name)]}
}

// Names returns the names of the sub-attributes of a complex value, sorted.
func (v Value) Names() []string {
	object, ok := v.raw.(map[string]any)
	if !ok {
		return nil
	}
	return slices.Sorted(maps.Keys(object))
}

// Equal reports whether both are the same JSON value; numbers are compared as written.
func (v Value) Equal(other Value) bool { return sameJSON(v.raw, other.raw) }

// literal is the value as it stands in a filter.
func (v Value) literal() string {
	switch raw := v.raw.(type) {
	case string:
		return quote(raw)
	case bool:
		return strconv.FormatBool(raw)
	case json.Number:
		return raw.String()
	}
	return "null"
}

// fieldName returns how the object spells the name; the name itself when it
// does not have it.
func fieldName(object map[string]any, name string) string {
	if _, exact := object[name]; exact {
		return name
	}
	found := name
	for key := range object {
		// The smallest, so that it does not depend on the order of a map.
		if strings.EqualFold(key, name) && (found == name || key < found) {
			found = key
		}
	}
	return found
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameJSON)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, sameJSON)
	case nil, string, bool, json.Number:
		return a == b
	}
	return false
}
