package scim

import (
	"context"
	"maps"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// namesOf are the names that are ours among the values of a person's attribute:
// those that we gave them, which the admission tells, and those that ApplyUnit and
// ApplyRole have named to this process, whoever gave them.
func (b *Backend) namesOf(s sight, kind sort) map[string]bool {
	names := maps.Clone(b.names.known(s.org, kind))
	if names == nil {
		names = map[string]bool{}
	}
	given := awaitingOf(s.admission).Given
	if kind == units {
		for _, name := range given.Units {
			names[name] = true
		}
		return names
	}
	for _, g := range given.Grants {
		names[g.Role] = true
	}
	return names
}

// inAttributes is the part of access that is held in attributes.
func (v *view) inAttributes(a directory.Access) directory.Access {
	var held directory.Access
	if v.units.in == HeldInAttribute {
		held.Units = a.Units
	}
	if v.roles.in == HeldInAttribute {
		held.Grants = a.Grants
	}
	return held
}

// joined is what either gives.
func joined(a, b directory.Access) directory.Access {
	return directory.Access{Grants: slices.Concat(a.Grants, b.Grants), Units: slices.Concat(a.Units, b.Units)}
}

// recordGiven notes which values of the person's attributes are about to be ours,
// so that a process that knows no names yet sees no other access than this one
// gave, and returns the admission that says so. What is noted already is not noted
// again. Of somebody who was never applied nothing can be noted.
func (b *Backend) recordGiven(ctx context.Context, v *view, s sight, a directory.Access) (directory.Admission, error) {
	waits, wanted := awaitingOf(s.admission), v.inAttributes(a)
	if !s.admitted() || includes(waits.Given, wanted) {
		return s.admission, nil
	}
	waits.Given = asSet(joined(wanted, b.accessInAttributes(v, s)))
	changed := s.admission
	var err error
	if changed.Awaiting, err = waits.text(); err != nil {
		return directory.Admission{}, err
	}
	return changed, b.admit(ctx, changed, s.admission)
}

// includes reports whether the access has all of the part.
func includes(a, part directory.Access) bool {
	return !slices.ContainsFunc(part.Units, func(name string) bool { return !slices.Contains(a.Units, name) }) &&
		!slices.ContainsFunc(part.Grants, func(g directory.Grant) bool { return !slices.Contains(a.Grants, g) })
}

func (b *Backend) accessInAttributes(v *view, s sight) directory.Access {
	var a directory.Access
	if v.units.in == HeldInAttribute {
		a.Units = v.units.named(s.user, b.namesOf(s, units))
	}
	if v.roles.in == HeldInAttribute {
		for _, name := range v.roles.named(s.user, b.namesOf(s, roles)) {
			a.Grants = append(a.Grants, directory.Grant{Role: name})
		}
	}
	return a
}

// named returns the known names among the values of the attribute.
func (h holder) named(user protocol.Resource, known map[string]bool) []string {
	var found []string
	for _, value := range user.At(h.path).Elements() {
		if name := h.nameIn(value); known[name] {
			found = append(found, name)
		}
	}
	return found
}

func (h holder) nameIn(value protocol.Value) string {
	if h.sub != "" {
		value = value.Get(h.sub)
	}
	name, _ := value.Text()
	return name
}

// holding is the change of the attribute so that of the known names it has
// exactly these, and whatever else it has; false when nothing differs.
func (h holder) holding(user protocol.Resource, known map[string]bool, names []string) (operation, bool) {
	var values []protocol.Value
	had := map[string]bool{}
	same := true
	for _, value := range user.At(h.path).Elements() {
		name := h.nameIn(value)
		if known[name] && (!slices.Contains(names, name) || had[name]) {
			same = false
			continue
		}
		had[name] = true
		values = append(values, value)
	}
	for _, name := range names {
		if !had[name] {
			same = false
			values = append(values, h.value(name))
		}
	}
	if same {
		return operation{}, false
	}
	o := operation{field: field{path: h.path}}
	switch {
	case h.many:
		o.set = protocol.List(values...)
	case len(names) > 0:
		o.set = h.value(names[0])
	}
	return o, true
}

func (h holder) value(name string) protocol.Value {
	if h.sub == "" {
		return protocol.String(name)
	}
	return protocol.Object(protocol.Field{Name: h.sub, Value: protocol.String(name)})
}

func (b *Backend) giveInAttributes(ctx context.Context, v *view, who subject, a directory.Access) error {
	var changes []operation
	if v.units.in == HeldInAttribute {
		if o, differs := v.units.holding(who.user, b.namesOf(who.sight, units), a.Units); differs {
			changes = append(changes, o)
		}
	}
	if v.roles.in == HeldInAttribute {
		names := make([]string, len(a.Grants))
		for i, g := range a.Grants {
			names[i] = g.Role
		}
		if o, differs := v.roles.holding(who.user, b.namesOf(who.sight, roles), names); differs {
			changes = append(changes, o)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	_, err := b.update(ctx, who, changes)
	return err
}
