package scim

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Mapping says what of a person goes where at the service provider.
type Mapping struct {
	// Units and Roles say how they are held; the zero value is [HeldInGroups].
	Units, Roles Holding
	// Attributes are added to [DefaultAttributes], and take the place of the one
	// for the same field.
	Attributes []Attribute
}

// Holding says where units or roles are held.
type Holding struct {
	// In is how; empty means [HeldInGroups].
	In Holder
	// Attribute is the path of the attribute, with [HeldInAttribute] only: one
	// with several values, such as roles, or with one, such as userType.
	Attribute string
}

// Holder says how a service provider holds units or roles.
type Holder string

const (
	// HeldInGroups makes a group for each.
	HeldInGroups Holder = "Groups"
	// HeldInAttribute puts their names into an attribute of the person. Values that
	// are neither given by us nor the name of what is declared are left alone, where
	// the attribute has several.
	HeldInAttribute Holder = "Attribute"
	// HeldNowhere says that the service provider cannot hold them.
	HeldNowhere Holder = "Nothing"
)

// Attribute says where a field of a profile goes.
type Attribute struct {
	Field directory.ProfileField
	// Path is that of a simple attribute or sub-attribute (RFC 7644, figure 7).
	// Empty means that the field is not kept.
	Path string
}

const enterprise = protocol.EnterpriseSchema + ":"

// DefaultAttributes are where fields go when nothing else is said. The locale
// is in locale, which decides formats (RFC 7643 section 4.1.1); map it to
// preferredLanguage where that is what the service provider looks at.
func DefaultAttributes() []Attribute {
	return []Attribute{
		{directory.FieldDisplayName, "displayName"},
		{directory.FieldGivenName, "name.givenName"},
		{directory.FieldFamilyName, "name.familyName"},
		{directory.FieldTitle, "title"},
		{directory.FieldPhone, `phoneNumbers[type eq "work"].value`},
		{directory.FieldLocale, "locale"},
		{directory.FieldAttributes + "userType", "userType"},
		{directory.FieldAttributes + "license", `entitlements[type eq "license"].value`},
		{directory.FieldAttributes + "department", enterprise + "department"},
		{directory.FieldAttributes + "employeeNumber", enterprise + "employeeNumber"},
		{directory.FieldAttributes + "costCenter", enterprise + "costCenter"},
		{directory.FieldAttributes + "division", enterprise + "division"},
		{directory.FieldAttributes + "organization", enterprise + "organization"},
	}
}

// field is an [Attribute] whose path is understood.
type field struct {
	name directory.ProfileField
	path protocol.Path
}

// path is a path that is a constant here.
func path(text string) protocol.Path { return protocol.MustPath(text) }

// fields returns the mapping of the profile, sorted by field.
func (m Mapping) fields() ([]field, error) {
	paths := map[directory.ProfileField]string{}
	for _, a := range slices.Concat(DefaultAttributes(), m.Attributes) {
		paths[a.Field] = a.Path
	}
	var all []field
	for name, text := range paths {
		if text == "" {
			continue
		}
		path, err := protocol.ParsePath(text)
		if err != nil {
			return nil, fmt.Errorf("where %q goes: %w", name, err)
		}
		if managed(path) {
			return nil, fmt.Errorf("%q cannot go to %q, which is kept already", name, text)
		}
		all = append(all, field{name, path})
	}
	slices.SortFunc(all, func(a, b field) int { return compare(a.name, b.name) })
	return all, nil
}

// managed reports whether an attribute has a meaning here that no field may
// overwrite.
func managed(p protocol.Path) bool {
	if p.Schema() != "" && p.Schema() != protocol.UserSchema {
		return false
	}
	switch p.Attribute() {
	case "id", "externalId", "userName", "active", "emails", "groups", "password", "meta", "schemas":
		return true
	}
	return false
}

// holder is a [Holding] whose path is understood.
type holder struct {
	in   Holder
	path protocol.Path
	// sub is the sub-attribute with the name; empty when the value is the name.
	sub string
	// many is true when the attribute has several values.
	many bool
}

func (h Holding) holder() (holder, error) {
	switch h.In {
	case "", HeldInGroups:
		return holder{in: HeldInGroups}, nil
	case HeldNowhere:
		return holder{in: HeldNowhere}, nil
	case HeldInAttribute:
		path, err := protocol.ParsePath(h.Attribute)
		switch {
		case err != nil:
			return holder{}, err
		case path.Filtered():
			return holder{}, fmt.Errorf("%q selects among values", h.Attribute)
		case managed(path):
			return holder{}, fmt.Errorf("%q is kept for something else", h.Attribute)
		}
		return holder{in: HeldInAttribute, path: path}, nil
	default:
		return holder{}, fmt.Errorf("%q is none of Groups, Attribute and Nothing", h.In)
	}
}
