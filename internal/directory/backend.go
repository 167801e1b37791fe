package directory

import "context"

// Backend is a system that holds members. Whoever writes one reads this file
// and capabilities.go, and runs directorytest against it;
// docs/dev/writing-a-backend.md walks through a small one.
//
// # What holds for every method
//
//   - What it did is seen by every later call on the same Backend. A system whose
//     own answers lag behind is waited for, or its answer is put right, by its
//     backend.
//   - It is idempotent in the sense given at each one: repeating it after success,
//     after a lost reply, or after a crash in the middle ends in the same state,
//     and writes nothing when nothing differs. A method that needs several
//     requests may stop between any two of them; the next call goes on from what
//     it finds there.
//   - It touches only the organization it is given, and there only what was
//     created or adopted through this contract: ApplyMember adopts whoever has
//     the address, ApplyUnit and ApplyRole adopt nobody's. RemoveMember is about
//     whoever has the address, adopted or not: who may go is the caller's to decide.
//   - It compares with what the system has, not with what it did last: what
//     somebody changed there is observed, after some minutes at most, and put
//     right when the same is applied again.
//   - It may be called by many goroutines at once. Calls about the same member may
//     overtake each other; each ends in a state that one of them asked for.
//   - It returns the error of the context when that ends the call, and else an
//     [Error] that names no person. Its text reaches a status.
//
// # What errors make the caller do
//
// KindUnavailable, KindRateLimited, KindCredentials, KindDenied, KindConflict
// and KindInternal may come from any method, and nothing can be concluded from
// them: the call may or may not have taken effect, and is made again. So they are
// all that a lost, late, cut off or senseless answer may lead to.
//
// Where the system has two people under the key of one member, every method
// about that member is KindExists, and changes nothing: which of them is meant
// only a human knows. A listing shows them, once or twice.
//
// What the other kinds mean is said at each method. See [Kind] for what each
// makes the caller do.
type Backend interface {
	// Capabilities tells what this backend can do. It may ask the system the
	// first time, and again from time to time; it changes nothing. An error means
	// that it could not be found out now, and nothing is done until it is. A fault
	// on the way to the system is no reason to say less than before.
	Capabilities(ctx context.Context) (Capabilities, error)

	// Check asks whether the system can be reached, takes our credentials, and
	// speaks what we speak. It changes nothing, and remembers nothing: it is also
	// how somebody finds out that what was broken is mended.
	Check(ctx context.Context) error

	// ApplyOrganization creates the tenant or brings it to what is given. Where
	// [Capabilities.Tenancy] is [TenancyOne] the system is the tenant, and there
	// is nothing to create: it succeeds.
	ApplyOrganization(ctx context.Context, o Organization) error
	// RemoveOrganization removes the tenant with all that is in it. Where the
	// system is the tenant it removes what was created or adopted for this
	// organization, and leaves everything else. Removing one that is not there
	// succeeds. It may take many requests, and is repeated until it succeeds.
	RemoveOrganization(ctx context.Context, id OrganizationID) error

	// ApplyUnit creates the unit or brings it to what is given. KindNotFound
	// means that the organization or the parent unit does not exist (yet);
	// KindUnsupported that there are no units, or no units below units, here.
	ApplyUnit(ctx context.Context, u Unit) error
	// RemoveUnit removes the unit, and every grant and membership in it; units
	// below it lose their parent; members stay. Removing one that is not there
	// succeeds, also where there are no units.
	RemoveUnit(ctx context.Context, org OrganizationID, name string) error

	// ApplyRole creates the role or brings it to what is given. What it permits is
	// left to us where [Capabilities.Permissions] is false; a change of it then
	// writes nothing. KindNotFound means
	// that the organization does not exist (yet); KindUnsupported that there are
	// no roles here.
	ApplyRole(ctx context.Context, r Role) error
	// RemoveRole removes the role and every grant of it; members stay. Removing
	// one that is not there succeeds, also where there are no roles.
	RemoveRole(ctx context.Context, org OrganizationID, name string) error

	// Member observes one member. KindNotFound when there is none: it says so only
	// when the system has answered, and what it answered was understood.
	Member(ctx context.Context, org OrganizationID, address string) (ObservedMember, error)
	// ListMembers observes a page of members, in an order that is stable while
	// nobody comes or goes. The first page has the empty cursor. A page may be
	// empty and have a next one. Somebody may be on two pages when others come or
	// go meanwhile; the first counts.
	//
	// KindInvalid means that the cursor is not one of ours; KindConflict that it
	// is too old and the listing is to be begun anew; KindNotFound that the
	// organization does not exist. Another organization's cursor is refused, or
	// lists this one's members only.
	ListMembers(ctx context.Context, org OrganizationID, cursor string) (MemberPage, error)
	// ApplyMember creates the member, or adopts whoever has the address, and
	// brings profile and state to what is given; it leaves access alone. Fields
	// that are not in [Capabilities.Fields] are not looked at. It returns what it
	// observed afterwards. Creating twice at once makes one member.
	//
	// Adopting keeps the ID, and whatever no field of the profile manages. Whoever
	// is active in the system stays so under [MemberInvited]; whoever is not, and of
	// whom nothing else is known, is not let in by it.
	//
	// KindNotFound means that the organization does not exist (yet); KindInvalid
	// that this profile can never be stored; KindExists that the system has
	// somebody else under a key that is needed, whom it does not show, or who may be
	// somebody else and is not to be touched before it is known;
	// KindQuotaExceeded that no seat is left there.
	ApplyMember(ctx context.Context, m Member) (ObservedMember, error)
	// ApplyAccess makes the member's access exactly what is given. KindNotFound
	// means that the member, a role or a unit does not exist (yet), as far as
	// [Capabilities.UncheckedUnits] and UncheckedRoles let that be known, and
	// KindUnsupported that the system cannot hold a part of it; then nothing has
	// changed. Grants and units of the system's own, which no ApplyRole or
	// ApplyUnit has made, are neither observed nor changed.
	ApplyAccess(ctx context.Context, org OrganizationID, address string, a Access) error
	// RemoveMember ends a membership in the way given. Nobody is left half
	// removed who could still sign in: access ends first, then the record.
	// Removing or disabling one that is not there succeeds. KindUnsupported means
	// that [Capabilities.Removals] does not name the way, KindInvalid that it is no
	// [Removal] at all; then nothing has changed. Success means that the person is
	// out: a removal that was done in part is an error, and is repeated.
	// Where somebody was waited for, was let in by nobody, and others have added, or
	// may have, who is there in their place, what ends is that they are waited for:
	// who is there stays as they are, is a member whom nobody declares from then on,
	// and goes when that one is removed.
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
	// vouches that, over all pages, nobody was left out who was a member all the
	// time. A caller must not conclude anybody's absence from a listing that was
	// not complete. When in doubt it is false.
	Complete bool
}
