package directory

import (
	"context"
	"time"
)

// Admission is how far in a person is, as far as we know it: for a system that
// tells no more of somebody than whether they are active. It is durable. What
// the system has is observed there; an Admission says what that means, and what
// it cannot hold: that somebody is invited, when they joined, and the name that
// they gave.
type Admission struct {
	Organization OrganizationID
	Address      string
	// State is what the person may be. It becomes [MemberActive] by an acceptance,
	// or because they were active in the system before; [MemberDisabled] by a
	// declaration; [MemberInvited] before either.
	State MemberState
	// Provisioned is true once the system has had the person as State says. Until
	// then somebody whom it does not have was not removed by anybody: they are yet
	// to be created.
	Provisioned bool
	// JoinedAt is when the person accepted, or was first seen active; zero before.
	// It stays while they are disabled.
	JoinedAt time.Time
	// ConfirmedName is the name that the person gave on acceptance, and
	// DeclaredName the one that was declared then; a declaration of another one
	// takes it back.
	ConfirmedName string
	DeclaredName  string
	// Awaiting is what the backend will give the system once it has the person,
	// their profile and access, in a form of the backend's own; empty when there is
	// nothing to keep. Nobody else reads it.
	Awaiting string
}

// Admissions keeps admissions. The ledger does. An acceptance at the portal
// changes one in the transaction that redeems the invitation, and tells its
// [Change].
type Admissions interface {
	// Admission returns that of an address. KindNotFound when there is none.
	Admission(ctx context.Context, org OrganizationID, address string) (Admission, error)
	// Admissions returns up to limit of an organization's, by address, after the
	// given one; "" begins. Fewer than asked for, at most 1000, means the end.
	Admissions(ctx context.Context, org OrganizationID, after string, limit int) ([]Admission, error)
	// Admit puts an admission in the place of the one that the caller knows, whose
	// zero value means that there is none. It writes nothing when nothing differs.
	// KindConflict when another one is there: observe again.
	Admit(ctx context.Context, a, known Admission) error
	// Readdress gives the admission another address. Repeating it after success
	// succeeds. KindNotFound when neither address has one, KindExists when both do.
	Readdress(ctx context.Context, org OrganizationID, from, to string) error
	// Dismiss forgets the admission of an address; of all of the organization's
	// when the address is empty. Forgetting what is not there succeeds.
	Dismiss(ctx context.Context, org OrganizationID, address string) error
}
