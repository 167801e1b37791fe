package directory

import (
	"context"
	"strings"
	"time"
)

// Holding says that a declaration manages an address: the member was created
// or adopted for it. It is durable, so that it outlives a lost status, and
// nothing that no declaration ever held is removed from a backend.
type Holding struct {
	Organization OrganizationID
	Address      string
	// Holder is the name of the declaration, its User; or what [Leaving] makes of
	// it while the member is being removed.
	Holder string
	Origin HoldingOrigin
	// Applied is a fingerprint of what was applied last; empty for nothing yet.
	Applied string
	// Standing is what the declaration asks for about access, as far as it has
	// taken effect: after the rails let it, and the backend has done it.
	Standing HoldingStanding
	// Suspended is true while the declaration is: then nothing is done for it, and
	// Standing stays what it was. Kept by itself, so that the end of a suspension
	// shows what else has changed.
	Suspended bool
	// Since is when the address was held first; kept when the holder changes.
	Since time.Time
}

// HoldingOrigin says how a member came to be managed.
type HoldingOrigin string

const (
	// HoldingCreated: the declaration made the member.
	HoldingCreated HoldingOrigin = "Created"
	// HoldingAdopted: the member was there before.
	HoldingAdopted HoldingOrigin = "Adopted"
)

// HoldingStanding says whether a declaration keeps the person out, and why.
type HoldingStanding string

const (
	// HoldingEnabled is the usual: access is the person's as soon as they are in.
	HoldingEnabled HoldingStanding = ""
	// HoldingDisabled: access is kept from the person until it is enabled again.
	HoldingDisabled HoldingStanding = "Disabled"
	// HoldingEnded: the time is over for which access was given.
	HoldingEnded HoldingStanding = "Ended"
)

// Holdings keeps who manages which address. The ledger does.
type Holdings interface {
	// Hold records the holding, or changes holder, fingerprint, standing and
	// suspension of the one that is there; Origin and Since stay. It writes nothing
	// when nothing differs.
	// from is who holds the address as far as the caller knows, empty for nobody:
	// KindConflict when it is neither that nor the new holder, so that nobody takes
	// over, or removes, whom somebody else has taken over meanwhile.
	Hold(ctx context.Context, h Holding, from string) error
	// Holding returns who holds an address. KindNotFound when nobody does.
	Holding(ctx context.Context, org OrganizationID, address string) (Holding, error)
	// HeldBy returns what a holder holds, by address.
	HeldBy(ctx context.Context, org OrganizationID, holder string) ([]Holding, error)
	// Holdings returns up to limit of an organization's, by address, after the
	// given one; "" begins. Fewer than asked for, at most 1000, means the end.
	Holdings(ctx context.Context, org OrganizationID, after string, limit int) ([]Holding, error)
	// Release forgets the holding of an address. One that is not there, or that
	// is another holder's, is no error, and stays.
	Release(ctx context.Context, org OrganizationID, address, holder string) error
}

// leavingMark begins no name of an object.
const leavingMark = "!"

// Leaving is the holder of an address whose member is being removed for a User,
// or for the organization itself where the name is empty. It is recorded before
// the removal: whoever takes the address over meanwhile waits for its end.
func Leaving(name string) string { return leavingMark + name }

// IsLeaving reports whether a member is being removed, and for which User.
func IsLeaving(holder string) (string, bool) { return strings.CutPrefix(holder, leavingMark) }
