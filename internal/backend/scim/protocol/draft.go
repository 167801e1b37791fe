package protocol

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Draft is a resource that is being written: a new one from [NewDraft], or the
// copy of one that was read, in [Client.Replace]. It is not safe for use by
// several goroutines.
type Draft struct {
	kind ResourceKind
	root map[string]any
}

// NewDraft begins a resource of the kind.
func NewDraft(kind ResourceKind) *Draft {
	return &Draft{kind: kind, root: map[string]any{}}
}

// draftOf begins with what was read, but for what only the service provider
// writes (RFC 7643 section 3.1, RFC 7644 section 3.5.1).
func draftOf(r Resource, f Features) *Draft {
	d := NewDraft(r.kind)
	for _, name := range r.value.Names() {
		p := Path{attribute: name}
		a, known := f.Attribute(r.kind, p)
		readOnly := known == Defined && a.Mutability == ReadOnly && !strings.EqualFold(name, "id") && !strings.EqualFold(name, "schemas")
		if !readOnly && (r.kind != Users || !strings.EqualFold(name, "groups")) {
			d.root[name] = cloneJSON(r.value.Get(name).raw)
		}
	}
	return d
}

// Set writes the value at the path. With a value filter it writes to the values
// that match, or adds one. A value that is not set removes what is there.
// KindInvalid when the path leads through something that is not complex.
func (d *Draft) Set(p Path, v Value) error {
	if !v.IsSet() {
		return d.Remove(p)
	}
	container := d.container(p, true)
	name := fieldName(container, p.attribute)
	raw := cloneJSON(v.raw)
	switch {
	case !p.Filtered() && p.sub == "":
		container[name] = raw
		return nil
	case !p.Filtered() && container[name] == nil && !severalValues(p.attribute):
		container[name] = map[string]any{p.sub: raw}
		return nil
	}
	if object, ok := container[name].(map[string]any); ok && !p.Filtered() {
		object[fieldName(object, p.sub)] = raw
		return nil
	}
	list, ok := container[name].([]any)
	if !ok && container[name] != nil {
		return invalidPath(p)
	}
	list, err := setMatching(list, p, raw)
	container[name] = list
	return err
}

// setMatching writes to the elements that match, or appends one that does.
func setMatching(list []any, p Path, raw any) ([]any, error) {
	written := false
	for _, element := range list {
		object, ok := element.(map[string]any)
		if !ok || !p.matches(Value{raw: object}) {
			continue
		}
		if err := writeElement(object, p, raw); err != nil {
			return list, err
		}
		written = true
	}
	if written {
		return list, nil
	}
	object := map[string]any{}
	for _, c := range p.conditions {
		object[c.attribute] = c.value.raw
	}
	return append(list, object), writeElement(object, p, raw)
}

func writeElement(object map[string]any, p Path, raw any) error {
	if p.sub != "" {
		object[fieldName(object, p.sub)] = raw
		return nil
	}
	fields, ok := raw.(map[string]any)
	if !ok {
		return invalidPath(p)
	}
	for name, value := range fields {
		object[fieldName(object, name)] = value
	}
	return nil
}

// Add adds values to the list at the path, those that are not there yet. Where
// there is no list it is [Draft.Set].
func (d *Draft) Add(p Path, v Value) error {
	container := d.container(p, true)
	name := fieldName(container, p.attribute)
	list, isList := container[name].([]any)
	if p.Filtered() || p.sub != "" || !isList && (container[name] != nil || !v.IsList() && !severalValues(p.attribute)) {
		return d.Set(p, v)
	}
	for _, added := range v.Elements() {
		if !slices.ContainsFunc(list, func(there any) bool { return sameElement(Value{raw: there}, added) }) {
			list = append(list, cloneJSON(added.raw))
		}
	}
	container[name] = list
	return nil
}

// sameElement compares elements of a list by what identifies them: the
// sub-attributes value and type, where there is a value (RFC 7643 section 2.4).
func sameElement(a, b Value) bool {
	if !a.IsObject() || !b.IsObject() || !a.Get("value").IsSet() {
		return a.Equal(b)
	}
	return a.Get("value").Equal(b.Get("value")) && (!b.Get("type").IsSet() || a.Get("type").Equal(b.Get("type")))
}

// Remove removes what is at the path; it may be missing.
func (d *Draft) Remove(p Path) error {
	container := d.container(p, false)
	name := fieldName(container, p.attribute)
	switch value := container[name].(type) {
	case nil:
	case map[string]any:
		if p.Filtered() {
			return invalidPath(p)
		}
		if p.sub == "" {
			delete(container, name)
			return nil
		}
		delete(value, fieldName(value, p.sub))
	case []any:
		if container[name] = removeMatching(value, p); len(Value{raw: container[name]}.Elements()) == 0 {
			delete(container, name)
		}
	default:
		if p.Filtered() || p.sub != "" {
			return invalidPath(p)
		}
		delete(container, name)
	}
	return nil
}

func removeMatching(list []any, p Path) []any {
	if !p.Filtered() && p.sub == "" {
		return nil
	}
	return slices.DeleteFunc(list, func(element any) bool {
		object, ok := element.(map[string]any)
		if !ok || !p.matches(Value{raw: object}) {
			return false
		}
		if p.sub == "" {
			return true
		}
		delete(object, fieldName(object, p.sub))
		return false
	})
}

// Apply does the operation as a service provider would (RFC 7644 section 3.5.2).
func (d *Draft) Apply(o Operation) error {
	if o.Path.IsZero() {
		return directory.Errorf(directory.KindInvalid, "write resource", "an operation has no path")
	}
	switch o.Op {
	case OpAdd:
		return d.Add(o.Path, o.Value)
	case OpReplace:
		return d.Set(o.Path, o.Value)
	case OpRemove:
		return d.Remove(o.Path)
	}
	return directory.Errorf(directory.KindInvalid, "write resource", "there is no operation %q", o.Op)
}

// Kind returns what is being written.
func (d *Draft) Kind() ResourceKind { return d.kind }

// Value returns the resource as it would be sent: with the schemas of all that
// is in it (RFC 7643 section 3), without extensions that are empty.
func (d *Draft) Value() Value {
	root := cloneObject(d.root)
	schemas := []string{d.kind.schema()}
	for _, s := range (Value{raw: root}).Get("schemas").Elements() {
		if text, ok := s.Text(); ok && !strings.EqualFold(text, d.kind.schema()) {
			schemas = append(schemas, text)
		}
	}
	for name, value := range root {
		if extension, ok := value.(map[string]any); ok && strings.Contains(name, ":") {
			if len(extension) == 0 {
				delete(root, name)
				continue
			}
			schemas = append(schemas, name)
		}
	}
	slices.Sort(schemas[1:])
	list := []any{}
	for _, s := range slices.Compact(schemas) {
		list = append(list, s)
	}
	root[fieldName(root, "schemas")] = list
	return Value{raw: root}
}

// container returns the object that has the attribute: the root, or that of an
// extension, which is made when that is wanted.
func (d *Draft) container(p Path, create bool) map[string]any {
	if p.schema == "" || strings.EqualFold(p.schema, d.kind.schema()) {
		return d.root
	}
	name := fieldName(d.root, p.schema)
	extension, ok := d.root[name].(map[string]any)
	if !ok {
		extension = map[string]any{}
		if create {
			d.root[name] = extension
		}
	}
	return extension
}

func invalidPath(p Path) error {
	return directory.Errorf(directory.KindInvalid, "write resource", "the path to attribute %q does not fit what is there", p.attribute)
}

// cloneJSON copies everything that can change.
func cloneJSON(raw any) any {
	switch raw := raw.(type) {
	case []any:
		list := make([]any, len(raw))
		for i, v := range raw {
			list[i] = cloneJSON(v)
		}
		return list
	case map[string]any:
		return cloneObject(raw)
	}
	return raw
}

func cloneObject(raw map[string]any) map[string]any {
	object := make(map[string]any, len(raw))
	for name, v := range raw {
		object[name] = cloneJSON(v)
	}
	return object
}
