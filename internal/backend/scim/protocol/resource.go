package protocol

import (
	"strings"
	"time"
)

// Resource is a user or a group as the service provider returned it. It is
// immutable; the zero Resource is none.
type Resource struct {
	kind    ResourceKind
	id      string
	version string
	value   Value
	// readAt and whole make it fit for a PUT; see Client.Replace.
	readAt time.Time
	whole  bool
}

// Kind returns what it is.
func (r Resource) Kind() ResourceKind { return r.kind }

// ID returns the service provider's identifier; never empty but for the zero
// Resource. It is opaque and case-exact.
func (r Resource) ID() string { return r.id }

// Version returns the entity tag, from the ETag header or meta.version; empty
// when there is none.
func (r Resource) Version() string { return r.version }

// Whole reports whether it was read by itself and with all attributes, so that
// what is missing is not set.
func (r Resource) Whole() bool { return r.whole }

// Value returns all of it.
func (r Resource) Value() Value { return r.value }

// ExternalID returns the identifier that the provisioning client gave it (RFC
// 7643 section 3.1); empty when there is none.
func (r Resource) ExternalID() string {
	text, _ := r.value.Get("externalId").Text()
	return text
}

// Text returns the text at the path; empty when there is none.
func (r Resource) Text(p Path) string {
	text, _ := r.At(p).Text()
	return text
}

// At returns the value at the path. For a plain attribute that is the value
// itself, a list included. With a value filter or a sub-attribute it is the
// first that matches, a primary one before others.
func (r Resource) At(p Path) Value {
	if !p.Filtered() && p.sub == "" {
		return r.attribute(p)
	}
	matching := r.matching(p)
	for _, v := range matching {
		if primary, _ := v.Get("primary").Bool(); primary {
			matching = []Value{v}
			break
		}
	}
	for _, v := range matching {
		if found := subOf(v, p.sub); found.raw != nil {
			return found
		}
	}
	return Value{}
}

// All returns every value at the path, in the order of the resource.
func (r Resource) All(p Path) []Value {
	var all []Value
	for _, v := range r.matching(p) {
		all = append(all, subOf(v, p.sub).Elements()...)
	}
	return all
}

// matching returns the values of the attribute that match the value filter.
func (r Resource) matching(p Path) []Value {
	var found []Value
	for _, v := range r.attribute(p).Elements() {
		if p.matches(v) {
			found = append(found, v)
		}
	}
	return found
}

// attribute returns the value of the attribute without filter and sub-attribute.
func (r Resource) attribute(p Path) Value {
	if p.schema == "" || strings.EqualFold(p.schema, r.kind.schema()) {
		return r.value.Get(p.attribute)
	}
	return r.value.Get(p.schema).Get(p.attribute)
}

// matches reports whether a value of the attribute passes the value filter.
// Strings are compared without regard to case, as the sub-attributes that
// filters name (type, display, value of mail addresses) are not case-exact;
// members are, which are compared by their identifiers.
func (p Path) matches(v Value) bool {
	exact := strings.EqualFold(p.attribute, "members")
	for _, c := range p.conditions {
		if !sameScalar(v.Get(c.attribute), c.value, exact) {
			return false
		}
	}
	return true
}

func sameScalar(a, b Value, exact bool) bool {
	if want, isBool := b.raw.(bool); isBool {
		got, ok := a.Bool()
		return ok && got == want
	}
	got, ok := a.Text()
	want, _ := b.Text()
	if exact {
		return ok && got == want
	}
	return ok && strings.EqualFold(got, want)
}

func subOf(v Value, sub string) Value {
	if sub == "" {
		return v
	}
	return v.Get(sub)
}
