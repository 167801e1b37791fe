package directory

import (
	"slices"
	"strings"
)

// Capabilities is what a backend can do, as data. What it cannot do is told in
// the status of whoever declares it, before anything is done.
type Capabilities struct {
	// Invitations says who issues, mails and tracks them.
	Invitations InvitationStyle
	// SignIn says where people sign in who have accepted one of ours.
	SignIn SignInStyle
	// Tenancy says whether the system holds many organizations or is one.
	Tenancy Tenancy
	// PageSize is the most members that a page of a listing holds.
	PageSize int
	// Units is true when the backend knows units and who belongs to them.
	Units bool
	// NestedUnits is true when it knows which unit is below which.
	NestedUnits bool
	// Roles is true when the backend knows roles and who has them.
	Roles bool
	// UncheckedUnits and UncheckedRoles are true where a unit, or a role, is nothing
	// but a name that its members have: ApplyAccess then takes any name, and which
	// ones exist is the caller's to know.
	UncheckedUnits bool
	UncheckedRoles bool
	// UnitGrants is true when a role can be granted within a unit.
	UnitGrants bool
	// Permissions is true when the backend keeps what a role permits. Where it
	// does not, a role is a name there.
	Permissions bool
	// Fields are the fields of a profile that the backend keeps: what is applied is
	// observed afterwards. Others are not looked at, and not observed.
	Fields []ProfileField
	// Removals are the ways in which a member can go; at least one.
	Removals []Removal
	// Notes say in a sentence each what was assumed about the system because it
	// does not tell, or tells what is not so. They name no person.
	Notes []string
}

// InvitationStyle is one of two; see docs/dev/architecture.md.
type InvitationStyle string

const (
	// InvitationsOurs: the ledger issues them, our mail carries them, our
	// portal takes the acceptance.
	InvitationsOurs InvitationStyle = "Ours"
	// InvitationsNative: the backend does all that, and implements [Inviter].
	InvitationsNative InvitationStyle = "Native"
)

// SignInStyle says who checks that people are who they say.
type SignInStyle string

const (
	// SignInHere: the backend keeps a password that the person chooses on
	// acceptance, and the portal signs them in with it.
	SignInHere SignInStyle = "Here"
	// SignInElsewhere: the system has its own way, which the portal leads to. On
	// acceptance no password is asked for.
	SignInElsewhere SignInStyle = "Elsewhere"
)

// Tenancy says how many organizations a system holds.
type Tenancy string

const (
	// TenancyMany: organizations are kept apart there, and the same address may be
	// a member of several.
	TenancyMany Tenancy = "Many"
	// TenancyOne: the system, or the part of it that our credentials see, is one
	// organization. A second one must not use it.
	TenancyOne Tenancy = "One"
)

// ProfileField names a field of a [Profile].
type ProfileField string

// The fields of a profile. An attribute's field is FieldAttributes followed by
// its name; FieldAttributes alone means all of them.
const (
	FieldDisplayName ProfileField = "displayName"
	FieldGivenName   ProfileField = "givenName"
	FieldFamilyName  ProfileField = "familyName"
	FieldTitle       ProfileField = "title"
	FieldPhone       ProfileField = "phone"
	FieldLocale      ProfileField = "locale"
	FieldAttributes  ProfileField = "attributes."
)

// AllFields are those of a backend that keeps the whole profile.
func AllFields() []ProfileField {
	return []ProfileField{
		FieldDisplayName, FieldGivenName, FieldFamilyName, FieldTitle, FieldPhone, FieldLocale, FieldAttributes,
	}
}

// Fields returns which fields the profile manages, sorted.
func (p Profile) Fields() []ProfileField {
	var managed []ProfileField
	for field, value := range map[ProfileField]string{
		FieldDisplayName: p.DisplayName, FieldGivenName: p.GivenName, FieldFamilyName: p.FamilyName,
		FieldTitle: p.Title, FieldPhone: p.Phone, FieldLocale: p.Locale,
	} {
		if value != "" {
			managed = append(managed, field)
		}
	}
	for name := range p.Attributes {
		managed = append(managed, FieldAttributes+ProfileField(name))
	}
	slices.Sort(managed)
	return managed
}

// Keeps reports whether the backend keeps a field.
func (c Capabilities) Keeps(field ProfileField) bool {
	return slices.Contains(c.Fields, field) ||
		strings.HasPrefix(string(field), string(FieldAttributes)) && slices.Contains(c.Fields, FieldAttributes)
}

// Unkept returns which fields of a profile the backend would lose, sorted.
func (c Capabilities) Unkept(p Profile) []ProfileField {
	return slices.DeleteFunc(p.Fields(), c.Keeps)
}
