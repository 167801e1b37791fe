package directory

import (
	"context"
	"strings"
	"time"
)

// LinkRequest is a shareable link, by which many people can join, as declared.
// The key is Organization and Name.
type LinkRequest struct {
	Organization OrganizationID
	Name         string
	// Rotation counts the links asked for, from 1; raising it makes a new link,
	// and the older one dies at once.
	Rotation int64
	// MaxUses is how many people can join, over all rotations.
	MaxUses int64
	// ExpiresAfter is how long the link is good for, from the moment at which it
	// was issued or rotated; a change holds for the link that is there.
	ExpiresAfter time.Duration
	// Domains are those whose addresses can join, in ASCII and lower case,
	// sorted; empty means any.
	Domains []string
	// Approval is true when somebody has to approve everybody who joins.
	Approval bool
	// Closed is true while nobody is to join by it.
	Closed bool
	// Details is what people are told; its DisplayName is empty.
	Details InvitationDetails
}

// LinkState says whether people can join by a link.
type LinkState string

const (
	// LinkOpen lets people join.
	LinkOpen LinkState = "Open"
	// LinkClosed was closed by whoever declared it.
	LinkClosed LinkState = "Closed"
	// LinkExpired is over. Like [InvitationExpired] it is never stored.
	LinkExpired LinkState = "Expired"
	// LinkUsedUp was used as often as it may be.
	LinkUsedUp LinkState = "UsedUp"
)

// SharedLink is what a [LinkKeeper] knows about a link.
type SharedLink struct {
	Organization OrganizationID
	Name         string
	// Rotation is the LinkRequest.Rotation that the link answers.
	Rotation int64
	MaxUses  int64
	// Uses counts those who have joined.
	Uses int64
	// Awaiting counts, among them, those who wait for an approval.
	Awaiting  int64
	Domains   []string
	Approval  bool
	Details   InvitationDetails
	IssuedAt  time.Time
	ExpiresAt time.Time
	State     LinkState
}

// LinkKeeper keeps shareable links. The ledger is one.
type LinkKeeper interface {
	// ApplyLink records the link, or brings the one that is there to what is
	// given, and returns it. It writes nothing when nothing differs. KindNotFound
	// means that the organization is not known (yet).
	ApplyLink(ctx context.Context, r LinkRequest) (SharedLink, error)
	// LinkStatus returns the link as it stands. KindNotFound when there is none.
	LinkStatus(ctx context.Context, org OrganizationID, name string) (SharedLink, error)
	// CloseLink has nobody join by the link any more, until it is applied again.
	// Closing one that is closed, or not there, succeeds and writes nothing.
	CloseLink(ctx context.Context, org OrganizationID, name string) error
	// RemoveLink forgets the link and those who asked to join by it: what they
	// were sent dies. Whoever has joined stays. Removing one that is not there
	// succeeds.
	RemoveLink(ctx context.Context, org OrganizationID, name string) error
	// LinkURL returns the absolute URL of the link; it is the same at every call
	// of one rotation. KindNotFound when there is no link; KindInvalid when it
	// was made with another key, so that only a rotation helps. The result is a
	// secret: it belongs in a Secret, nowhere else.
	LinkURL(ctx context.Context, org OrganizationID, name string) (string, error)
}

// JoinRequest is what somebody enters on the page of a link.
type JoinRequest struct {
	// Address is the person's, canonical.
	Address string
	// Name is what the person wants to be called, on one line; may be empty.
	Name string
}

// JoinState says how far somebody is who asked to join.
type JoinState string

const (
	// JoinRequested: an address was entered, and nobody has looked at it.
	JoinRequested JoinState = "Requested"
	// JoinAsked: the address was asked for a confirmation.
	JoinAsked JoinState = "Asked"
	// JoinConfirmed: the address is confirmed and a use is taken; the
	// declaration of the person is to be made.
	JoinConfirmed JoinState = "Confirmed"
	// JoinAwaitingApproval: the person is declared and waits to be approved.
	JoinAwaitingApproval JoinState = "AwaitingApproval"
	// JoinSettled: there is nothing more to do.
	JoinSettled JoinState = "Settled"
)

// Join is somebody who asked to join by a link. The key is Organization, Link
// and Address.
type Join struct {
	Organization OrganizationID
	Link         string
	Address      string
	// Name is what was entered with the address; may be empty.
	Name  string
	State JoinState
	// Approval is true when the person has to be approved; known once confirmed.
	Approval bool
	// RequestedAt is when the address was entered last; ConfirmedAt when it was
	// confirmed, zero before.
	RequestedAt, ConfirmedAt time.Time
}

// JoinQuery selects joins of a link.
type JoinQuery struct {
	Organization OrganizationID
	Link         string
	State        JoinState
	// After is the address of the last one that was read; empty begins.
	After string
	// Limit is how many are read at most; more than 1000 means that.
	Limit int
}

// JoinKeeper keeps those who asked to join. The ledger is one.
type JoinKeeper interface {
	// Joins returns joins by address. Fewer than asked for means the end.
	Joins(ctx context.Context, q JoinQuery) ([]Join, error)
	// AskToConfirm issues the mail with which the person of a requested join
	// confirms the address. It reports whether it did: when the link is not open,
	// the address has an invitation of its own, or was mailed too recently or too
	// often, the request is forgotten instead. KindNotFound when nothing is requested.
	AskToConfirm(ctx context.Context, j Join) (bool, error)
	// ForgetJoin forgets a requested join that leads nowhere. Forgetting one that
	// is not there, or has gone further, succeeds and changes nothing.
	ForgetJoin(ctx context.Context, j Join) error
	// MoveJoin takes a confirmed join on: to [JoinAwaitingApproval], or to
	// [JoinSettled], from where nothing leads on. Repeating it changes nothing.
	MoveJoin(ctx context.Context, j Join, to JoinState) error
}

// linkPrefix stands in front of a link's name where otherwise an address is. No
// address begins so, because it has an @ and a link's name has none.
const linkPrefix = "link:"

// LinkAddress is the Address of a [Change] about those who join by a link.
func LinkAddress(name string) string { return linkPrefix + name }

// Link returns the name of the link that the change is about, and false when it
// is about an address.
func (c Change) Link() (string, bool) {
	if strings.Contains(c.Address, "@") {
		return "", false
	}
	return strings.CutPrefix(c.Address, linkPrefix)
}
