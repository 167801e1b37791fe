package directory

import "time"

// Member is a person in an organization, as declared. The key is Organization
// and Address.
type Member struct {
	Organization OrganizationID
	// Address is the person's e-mail address in canonical form, as
	// [github.com/rollcall-dev/rollcall/internal/address] makes it.
	Address string
	Profile Profile
	// State is what is wanted: [MemberInvited] creates somebody who is known
	// but not in yet; it never takes an active member out again.
	// [MemberActive] and [MemberDisabled] are absolute. MemberInvited lifts a
	// disablement: who had joined before is active again, anybody else is invited.
	State MemberState
}

// Profile is what is declared about a person beside address and access. An
// empty field is not managed: a backend leaves what it has.
type Profile struct {
	DisplayName string
	GivenName   string
	FamilyName  string
	Title       string
	Phone       string
	// Locale is a BCP 47 language tag.
	Locale string
	// Attributes are free-form; nil means not managed. Where a backend keeps only
	// some of them ([Capabilities.Fields]), the others are left alone.
	Attributes map[string]string
}

// MemberState says how far in a person is.
type MemberState string

const (
	// MemberInvited is known to the backend and cannot sign in.
	MemberInvited MemberState = "Invited"
	// MemberActive is in.
	MemberActive MemberState = "Active"
	// MemberDisabled was in or invited, and is kept out without being forgotten.
	MemberDisabled MemberState = "Disabled"
)

// ObservedMember is a member as the backend has it.
type ObservedMember struct {
	Member
	// ID is the backend's own stable key. It never changes; it may be empty for
	// somebody who is invited, and whom the system does not have before acceptance.
	ID string
	// ConfirmedName is the name that the person gave or confirmed on
	// acceptance; empty before, and emptied when the declared DisplayName changes.
	ConfirmedName string
	Access        Access
	// JoinedAt is when the person became active, or was first seen so; zero before.
	// It stays while they are disabled.
	JoinedAt time.Time
}

// Access is what a member may do and where: the whole of it, so that applying
// an empty Access takes everything away. Both lists are sets.
type Access struct {
	Grants []Grant
	// Units are the names of the units the person belongs to.
	Units []string
}

// Grant gives a role.
type Grant struct {
	// Role is the name of a [Role].
	Role string
	// Unit is where it holds; empty for the whole organization.
	Unit string
}

// Removal says how a member goes.
type Removal string

const (
	// RemovalDrop ends the membership: the person and all access are gone from
	// the organization. An account that the system keeps beside memberships stays.
	RemovalDrop Removal = "Drop"
	// RemovalDisable keeps the record, ends sessions, and refuses sign-in.
	RemovalDisable Removal = "Disable"
	// RemovalDelete is [RemovalDrop], and also erases an account that the system
	// keeps beside memberships. Where the account is the membership, the two are
	// the same.
	RemovalDelete Removal = "Delete"
)
