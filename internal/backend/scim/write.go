package scim

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// want is a value that a field shall have; empty for none.
type want struct {
	field

	value string
}

// wants are the fields that a profile manages, with their values.
func (v *view) wants(p directory.Profile) []want {
	var all []want
	for _, f := range v.fields {
		value := valueOf(p, f.name)
		if value != "" || p.Attributes != nil && plainField(&p, f.name) == nil {
			all = append(all, want{f, value})
		}
	}
	return all
}

// draft is the new user.
func (b *Backend) draft(v *view, p person, c course) (*protocol.Draft, error) {
	d := protocol.NewDraft(protocol.Users)
	set := map[string]protocol.Value{
		"userName": protocol.String(p.address),
		"active":   protocol.Bool(c.active),
	}
	if !b.learnt.noUserKey.Load() {
		set["externalId"] = protocol.String(p.key())
	}
	if v.has("emails.value") {
		set["emails"] = protocol.List(emailValue(p.address))
	}
	if name := formattedName(c.profile.GivenName, c.profile.FamilyName); name != "" && v.has("name.formatted") {
		set["name.formatted"] = protocol.String(name)
	}
	for name, value := range set {
		if err := d.Set(path(name), value); err != nil {
			return nil, err
		}
	}
	for _, w := range v.wants(c.profile) {
		if w.value == "" {
			continue
		}
		if err := d.Set(w.path, protocol.String(w.value)); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func emailValue(address string) protocol.Value {
	return protocol.Object(
		protocol.Field{Name: "value", Value: protocol.String(address)},
		protocol.Field{Name: "type", Value: protocol.String("work")},
		protocol.Field{Name: "primary", Value: protocol.Bool(true)},
	)
}

func formattedName(given, family string) string { return strings.TrimSpace(given + " " + family) }

// has reports whether users may have the attribute, as far as it was tried.
func (v *view) has(name string) bool {
	if name == "active" && v.learnt.noActive.Load() {
		return false
	}
	a, known := v.features.Attribute(protocol.Users, path(name))
	return known == protocol.Unknown || known == protocol.Defined && a.Mutability != protocol.ReadOnly
}

// operation is a change of one attribute; how it is written depends on what the
// user has, and on what the service provider understands.
type operation struct {
	field

	// set is the value; not set means that it is taken away.
	set protocol.Value
}

// differences are what has to change in a user who is there.
func (b *Backend) differences(v *view, s sight, c course) []operation {
	user := s.user
	all := b.identify(v, s)
	if isActive(user) != c.active {
		all = append(all, operation{field: field{path: path("active")}, set: protocol.Bool(c.active)})
	}
	for _, w := range v.wants(c.profile) {
		if user.Text(w.path) == w.value {
			continue
		}
		o := operation{field: w.field}
		if w.value != "" {
			o.set = protocol.String(w.value)
		}
		all = append(all, o)
	}
	given, family := user.Text(path("name.givenName")), user.Text(path("name.familyName"))
	before, after := formattedName(given, family), formattedName(orElse(c.profile.GivenName, given), orElse(c.profile.FamilyName, family))
	if was := user.Text(path("name.formatted")); was != "" && was == before && after != before {
		// One that is made of the two follows them; any other is somebody's choice.
		all = append(all, operation{field: field{path: path("name.formatted")}, set: protocol.String(after)})
	}
	return all
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// identify writes our key where there is none, and the address where the user
// has it nowhere any more. A key of another client stays: it is how that one
// finds its user.
func (b *Backend) identify(v *view, s sight) []operation {
	var all []operation
	if s.user.ExternalID() == "" && !b.learnt.noUserKey.Load() {
		all = append(all, operation{field: field{path: path("externalId")}, set: protocol.String(s.key())})
	}
	if hasAddress(s.user, s.address) {
		return all
	}
	if other, err := address.Canonical(text(s.user, "userName")); err == nil {
		return append(all, readdressed(v, s.user, other, s.address)...)
	}
	if v.has("emails.value") {
		all = append(all, operation{field: field{path: path("emails")}, set: emailsWith(s.user, "", s.address)})
	}
	return all
}

// hasAddress reports whether the userName or any e-mail address is the address.
func hasAddress(user protocol.Resource, wanted string) bool {
	texts := []string{text(user, "userName")}
	for _, e := range user.Value().Get("emails").Elements() {
		value, _ := e.Get("value").Text()
		texts = append(texts, value)
	}
	return slices.ContainsFunc(texts, func(t string) bool {
		a, err := address.Canonical(t)
		return err == nil && strings.EqualFold(a, wanted)
	})
}

// readdressed are the changes that give the user another address: in userName,
// when that is the old one, and in the e-mail addresses.
func readdressed(v *view, user protocol.Resource, from, to string) []operation {
	var all []operation
	if a, err := address.Canonical(text(user, "userName")); err == nil && a == from {
		all = append(all, operation{field: field{path: path("userName")}, set: protocol.String(to)})
	}
	if v.has("emails.value") {
		all = append(all, operation{field: field{path: path("emails")}, set: emailsWith(user, from, to)})
	}
	return all
}

// emailsWith are the user's e-mail addresses with one in the place of another;
// as a new primary one when the other is not there.
func emailsWith(user protocol.Resource, from, to string) protocol.Value {
	var all []protocol.Value
	replaced := false
	for _, e := range user.Value().Get("emails").Elements() {
		value, _ := e.Get("value").Text()
		switch a, err := address.Canonical(value); {
		case err == nil && a == to:
			continue
		case err == nil && a == from && !replaced:
			e, replaced = with(e, "value", protocol.String(to)), true
		}
		all = append(all, e)
	}
	if !replaced {
		for i := range all {
			if primary, _ := all[i].Get("primary").Bool(); primary {
				all[i] = with(all[i], "primary", protocol.Bool(false))
			}
		}
		all = append(all, emailValue(to))
	}
	return protocol.List(all...)
}

// with is a complex value with another value of one sub-attribute.
func with(v protocol.Value, name string, value protocol.Value) protocol.Value {
	var fields []protocol.Field
	for _, n := range v.Names() {
		if !strings.EqualFold(n, name) {
			fields = append(fields, protocol.Field{Name: n, Value: v.Get(n)})
		}
	}
	return protocol.Object(append(fields, protocol.Field{Name: name, Value: value})...)
}

// operations writes changes as a PATCH.
func (b *Backend) operations(user protocol.Resource, changes []operation) []protocol.Operation {
	var all []protocol.Operation
	for _, o := range changes {
		switch {
		case !o.path.Filtered():
			all = append(all, plain(user, o.path, o.set))
		case b.learnt.noValuePaths.Load():
			all = append(all, wholeList(user, o))
		default:
			all = append(all, selected(user, o))
		}
	}
	return all
}

func plain(user protocol.Resource, p protocol.Path, value protocol.Value) protocol.Operation {
	switch {
	case !value.IsSet():
		return protocol.Operation{Op: protocol.OpRemove, Path: p}
	case user.At(p).IsSet():
		return protocol.Operation{Op: protocol.OpReplace, Path: p, Value: value}
	default:
		return protocol.Operation{Op: protocol.OpAdd, Path: p, Value: value}
	}
}

// selected changes the one value that the path selects. Replacing one that is
// not there is an error (RFC 7644 section 3.5.2.3): it is added.
func selected(user protocol.Resource, o operation) protocol.Operation {
	switch {
	case !o.set.IsSet():
		return protocol.Operation{Op: protocol.OpRemove, Path: element(o.path)}
	case user.At(element(o.path)).IsSet():
		return protocol.Operation{Op: protocol.OpReplace, Path: o.path, Value: o.set}
	default:
		return protocol.Operation{Op: protocol.OpAdd, Path: list(o.path), Value: protocol.List(made(o)...)}
	}
}

// wholeList replaces all values of the attribute, of which one differs.
func wholeList(user protocol.Resource, o operation) protocol.Operation {
	chosen := user.All(element(o.path))
	var values []protocol.Value
	replaced := false
	for _, e := range user.At(list(o.path)).Elements() {
		if slices.ContainsFunc(chosen, e.Equal) {
			if !o.set.IsSet() || replaced {
				continue
			}
			e, replaced = with(e, o.path.Sub(), o.set), true
		}
		values = append(values, e)
	}
	if o.set.IsSet() && !replaced {
		values = append(values, made(o)...)
	}
	return plain(user, list(o.path), protocol.List(values...))
}

// made is the new value that the path selects.
func made(o operation) []protocol.Value {
	d := protocol.NewDraft(protocol.Users)
	if d.Set(o.path, o.set) != nil {
		return nil
	}
	root := d.Value()
	if s := o.path.Schema(); s != "" && s != protocol.UserSchema {
		root = root.Get(s)
	}
	return root.Get(o.path.Attribute()).Elements()
}

// element is the path without sub-attribute, list that without value filter.
func element(p protocol.Path) protocol.Path { return path(strings.TrimSuffix(p.String(), "."+p.Sub())) }

func list(p protocol.Path) protocol.Path { return element(p.Unfiltered()) }

func filtered(operations []protocol.Operation) bool {
	return slices.ContainsFunc(operations, func(o protocol.Operation) bool { return o.Path.Filtered() })
}
