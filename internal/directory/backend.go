package directory

import "context"

// Backend is a system that holds members. Whoever writes one reads this file
// and runs directorytest against it.
//
// Every method
//   - takes effect at once: what it did is seen by the next call on any connection;
//   - is idempotent in the sense given at each one: repeating it after success,
//     after a lost reply or after a crash ends in the same state, and writes
//     nothing when nothing differs;
//   - touches only the organization it is given, and there only what was
//     created or adopted through this contract;
//   - returns an [Error] whose [Kind] means what its comment says. KindUnavailable,
//     KindRateLimited, KindDenied and KindInternal may come from any of them
//     and mean: nothing can be concluded, ask again later;
//   - may be called by many goroutines at once.
type Backend interface {
	// Capabilities tells what this backend can do. It does no I/O.
	Capabilities() Capabilities

	// Check asks whether the backend can be reached and accepts our
	// credentials. It changes nothing.
	Check(ctx context.Context) error

	// ApplyOrganization creates the tenant or brings it to what is given.
	ApplyOrganization(ctx context.Context, o Organization) error
	// RemoveOrganization removes the tenant with all that is in it. Removing
	// one that is not there succeeds.
	RemoveOrganization(ctx context.Context, id OrganizationID) error

	// ApplyUnit creates the unit or brings it to what is given. KindNotFound
	// means that the organization or the parent unit does not exist (yet).
	ApplyUnit(ctx context.Context, u Unit) error
	// RemoveUnit removes the unit, and every grant and membership in it; units
	// below it lose their parent. Removing one that is not there succeeds.
	RemoveUnit(ctx context.Context, org OrganizationID, name string) error

	// ApplyRole creates the role or brings it to what is given. KindNotFound
	// means that the organization does not exist (yet).
	ApplyRole(ctx context.Context, r Role) error
	// RemoveRole removes the role and every grant of it. Removing one that is
	// not there succeeds.
	RemoveRole(ctx context.Context, org OrganizationID, name string) error

	// Member observes one member. KindNotFound when there is none.
	Member(ctx context.Context, org OrganizationID, address string) (ObservedMember, error)
	// ListMembers observes a page of members, in a stable order. The first
	// page has the empty cursor; KindInvalid means that the cursor is not one
	// of ours. KindNotFound means that the organization does not exist.
	ListMembers(ctx context.Context, org OrganizationID, cursor string) (MemberPage, error)
	// ApplyMember creates the member or brings profile and state to what is
	// given, and leaves access alone. It returns what it observed afterwards.
	// KindNotFound means that the organization does not exist (yet);
	// KindInvalid that the profile can never be stored.
	ApplyMember(ctx context.Context, m Member) (ObservedMember, error)
	// ApplyAccess makes the member's access exactly what is given. KindNotFound
	// means that the member, a role or a unit does not exist (yet); then
	// nothing has changed.
	ApplyAccess(ctx context.Context, org OrganizationID, address string, a Access) error
	// RemoveMember ends a membership in the way given. Removing or disabling
	// one that is not there succeeds.
	RemoveMember(ctx context.Context, org OrganizationID, address string, how Removal) error
}

// AddressChanger is a [Backend] that can give a member another address.
type AddressChanger interface {
	// ChangeAddress gives the member another address, and leaves everything else,
	// the ID included, as it is. Repeating it after success succeeds. KindNotFound
	// when no member has either address, KindExists when somebody else has the
	// new one.
	ChangeAddress(ctx context.Context, org OrganizationID, from, to string) error
}

// MemberPage is part of a listing.
type MemberPage struct {
	Members []ObservedMember
	// Next is the cursor of the page that follows; empty on the last one.
	Next string
	// Complete is meaningful on the last page only: true when the backend
	// vouches that, over all pages, nobody was left out. A caller must not
	// conclude anybody's absence from a listing that was not complete.
	Complete bool
}

// Capabilities is what a backend can do, as data.
type Capabilities struct {
	// Invitations says who issues, mails and tracks them.
	Invitations InvitationStyle
	// PageSize is the most members that a page of a listing holds.
	PageSize int
	// Units is true when the backend knows units.
	Units bool
	// Roles is true when the backend knows roles.
	Roles bool
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
