package directory

import (
	"context"
	"time"
)

// Holding says that a declaration manages an address: the member was created
// or adopted for it. It is durable, so that it outlives a lost status, and
// nothing that no declaration ever held is removed from a backend.
type Holding struct {
	Organization OrganizationID
	Address      string
	// Holder is the name of the declaration, its User.
	Holder string
	Origin HoldingOrigin
	// Applied is a fingerprint of what was applied last; empty for nothing yet.
	Applied string
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

// Holdings keeps who manages which address. The ledger does.
type Holdings interface {
	// Hold records the holding, or changes holder and fingerprint of the one that
	// is there; Origin and Since stay. It writes nothing when nothing differs.
	Hold(ctx context.Context, h Holding) error
	// Holding returns who holds an address. KindNotFound when nobody does.
	Holding(ctx context.Context, org OrganizationID, address string) (Holding, error)
	// HeldBy returns what a holder holds, by address.
	HeldBy(ctx context.Context, org OrganizationID, holder string) ([]Holding, error)
	// Holdings returns up to limit of an organization's, by address, after the
	// given one; "" begins. Fewer than asked for, at most 1000, means the end.
	Holdings(ctx context.Context, org OrganizationID, after string, limit int) ([]Holding, error)
	// Release forgets the holding of an address. One that is not there is no error.
	Release(ctx context.Context, org OrganizationID, address string) error
}
