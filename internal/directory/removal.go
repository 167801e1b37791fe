package directory

import (
	"context"
	"time"
)

// Departure is one removal, or disablement, of one person: however often it is
// tried, it counts once.
type Departure struct {
	Organization OrganizationID
	Address      string
	// Subject makes it this removal and no other: what goes with the UID of a
	// declaration, or with the backend's key of a member whom none declares.
	Subject string
}

// RemovalAnswer says whether somebody may be removed now.
type RemovalAnswer string

const (
	// RemovalGranted: they may, also after a crash, and for a week.
	RemovalGranted RemovalAnswer = "Granted"
	// RemovalWaits: not yet; it is to be seen first how many there are.
	RemovalWaits RemovalAnswer = "Waits"
	// RemovalHeld: not before somebody approves it.
	RemovalHeld RemovalAnswer = "Held"
)

// RemovalLimit is how many removals of an organization are granted to whoever
// asks first.
type RemovalLimit struct {
	// Floor is how many within the window.
	Floor int
	// Window is the time within which removals are added up.
	Window time.Duration
}

// RemovalRequest asks to remove somebody.
type RemovalRequest struct {
	Departure
	Limit RemovalLimit
	// Approval is the word by which a person let this one removal pass; it then
	// is granted in any case and counts for nothing. Empty for none.
	Approval string
}

// RemovalRail decides who may be removed, so that a mistake removes few. The
// ledger does.
type RemovalRail interface {
	// ReserveRemoval grants the removal, or says why not. Within the window it
	// grants no more than the floor, whoever asks at the same time; the others
	// are for [RemovalRailKeeper.GrantRemovals]. Repeating it changes nothing,
	// and asking in vain writes nothing.
	ReserveRemoval(ctx context.Context, r RemovalRequest) (RemovalAnswer, error)
}

// RemovalStanding is how the removal rail of an organization stands.
type RemovalStanding struct {
	// Done counts what was granted within the window, but for what was approved.
	Done int
	// Held is true while nothing is granted until somebody approves it.
	Held bool
	// HeldDone is what Done was when the rail was tripped.
	HeldDone int
	// Undeclared are the members whom no declaration names and who wait.
	Undeclared []Departure
}

// RemovalRailKeeper is for whoever sees all that wait. The ledger is one.
type RemovalRailKeeper interface {
	// Removals tells how the rail stands.
	Removals(ctx context.Context, org OrganizationID, window time.Duration) (RemovalStanding, error)
	// ReservedRemovals are all removals that were granted within a week, done or not.
	ReservedRemovals(ctx context.Context, org OrganizationID) ([]Departure, error)
	// GrantRemovals lets exactly these go, and ends a stop. The approval is the
	// word by which a person let them pass; empty when they are within the limits.
	// It tells everybody by a change without an address.
	GrantRemovals(ctx context.Context, org OrganizationID, these []Departure, approval string) error
	// HoldRemovals stops all removals until they are granted or the stop is
	// lifted, and remembers how many had gone. It reports whether it was not
	// stopped before. It tells everybody by a change without an address.
	HoldRemovals(ctx context.Context, org OrganizationID, done int) (bool, error)
	// LiftRemovals ends a stop when nothing waits any more.
	LiftRemovals(ctx context.Context, org OrganizationID) error
	// ReserveUndeclared returns which of these members, of all that a complete
	// listing showed and no declaration names, may be removed now. Nobody else
	// may; they wait, as those of a User do. Who waited and is not among these
	// any more is forgotten.
	ReserveUndeclared(ctx context.Context, org OrganizationID, members []Departure, limit RemovalLimit) ([]Departure, error)
}
