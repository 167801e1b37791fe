package directory

import (
	"context"
	"time"
)

// Inviter issues invitations and tells what became of them. The ledger is one;
// a backend whose invitations are native is another.
type Inviter interface {
	// Invite records that the address is to be invited. The record and the
	// intent to deliver it are one transaction: after success the invitation
	// is delivered exactly as [Organization.UnknownDelivery] promises, whatever
	// crashes. Repeating it changes nothing, except that Details and a wider
	// Delivery of one that is still pending are brought up to date.
	//
	// A new invitation is issued, and the one before it ended, only when there
	// is none, when the last one was closed by [Inviter.Close], when Revision is
	// higher than the last one asked for, or when Request or Purpose ask for
	// another. KindRateLimited means that the last is too recent, or that there
	// were too many in a day.
	Invite(ctx context.Context, r InvitationRequest) (Invitation, error)
	// Invitation returns the newest invitation of the address that was not
	// closed. KindNotFound when there is none.
	Invitation(ctx context.Context, org OrganizationID, address string) (Invitation, error)
	// Close ends the membership's story: a pending invitation is revoked, its
	// link dies, what is queued is never sent, and the next Invite starts
	// anew. Closing what is not there succeeds.
	Close(ctx context.Context, org OrganizationID, address string) error
}

// Linker is an [Inviter] whose invitations are links that can be shown again.
type Linker interface {
	// Link returns the absolute URL that accepts the pending invitation. It is
	// the same at every call. KindNotFound when nothing is pending any more.
	// The result is a secret: it belongs in a mail or a Secret, nowhere else.
	Link(ctx context.Context, org OrganizationID, address string) (string, error)
}

// Reminder is an [Inviter] that can remind somebody of a pending invitation.
type Reminder interface {
	// Remind sends the mail of a pending invitation once more, as the reminder of
	// that number, counted from 1: with the same link and another Message-ID. A
	// number that was sent, or is on its way, is never sent again. KindNotFound
	// when the invitation with the id is not pending any more.
	Remind(ctx context.Context, id string, number int) (Invitation, error)
}

// InvitationPurpose says what following the link means.
type InvitationPurpose string

const (
	// PurposeJoin: the person joins the organization. The zero value means it too.
	PurposeJoin InvitationPurpose = "Join"
	// PurposeConfirm: somebody who is in confirms a changed address.
	PurposeConfirm InvitationPurpose = "Confirm"
	// PurposeJoinByLink: the person asked to join by a shareable link, and
	// confirms the address with it.
	PurposeJoinByLink InvitationPurpose = "JoinByLink"
)

// InvitationRequest is what a declaration asks for.
type InvitationRequest struct {
	Organization OrganizationID
	Address      string
	// Revision counts what the declaration asked for, from 1; raising it asks
	// for a new invitation.
	Revision int64
	// Request is a text of at most 64 bytes that asks for a new invitation when
	// it is not the one that the last invitation was issued with; empty asks for
	// nothing. It is for those who ask by hand, beside the declaration.
	Request string
	// Purpose says what following the link means; a request of another purpose
	// than the pending invitation's asks for a new one.
	Purpose InvitationPurpose
	// Mail is true when a mail is to be sent. A request without it issues a
	// link only, and takes back a mail that is still queued.
	Mail bool
	// Bulk is true when many were asked for at once on purpose: its mail does not
	// count for [MailLimits.Surge].
	Bulk bool
	// ExpiresAfter is how long the link is good for, from the moment it is
	// issued; it does not change an invitation that is already issued.
	ExpiresAfter time.Duration
	Details      InvitationDetails
}

// InvitationDetails is what an invited person is told, in the mail and on the
// acceptance page. All of it is text from outside and must be escaped wherever
// it is shown.
type InvitationDetails struct {
	// OrganizationName is the organization's display name.
	OrganizationName string `json:"organizationName"`
	// DisplayName is the person's declared name; may be empty.
	DisplayName string `json:"displayName,omitempty"`
	// Roles and Units are display names, sorted.
	Roles []string `json:"roles,omitempty"`
	Units []string `json:"units,omitempty"`
	// Message is a personal line from whoever invites; may be empty.
	Message string `json:"message,omitempty"`
	// Locale is a BCP 47 language tag; empty means English.
	Locale string `json:"locale,omitempty"`
}

// InvitationState is where an invitation stands.
type InvitationState string

const (
	// InvitationPending waits for the person.
	InvitationPending InvitationState = "Pending"
	// InvitationAccepted was redeemed.
	InvitationAccepted InvitationState = "Accepted"
	// InvitationDeclined was turned down by the person.
	InvitationDeclined InvitationState = "Declined"
	// InvitationExpired was pending when its time ran out. It is derived from
	// the clock, never stored, so no timer has to fire for it to be true.
	InvitationExpired InvitationState = "Expired"
	// InvitationRevoked was ended by us: superseded by a newer one, or closed.
	InvitationRevoked InvitationState = "Revoked"
)

// Invitation is what an [Inviter] knows about one.
type Invitation struct {
	ID           string
	Organization OrganizationID
	Address      string
	// Revision counts the invitations issued to this address, from 1.
	Revision int64
	// Asked is the InvitationRequest.Revision that led to it.
	Asked int64
	// Request is the InvitationRequest.Request that it was issued with.
	Request   string
	Purpose   InvitationPurpose
	State     InvitationState
	Details   InvitationDetails
	CreatedAt time.Time
	ExpiresAt time.Time
	// EndedAt is when it left Pending by a deed (not by the clock); zero before.
	EndedAt time.Time
	// Delivery is about the mail; its State is "" when none was asked for.
	Delivery  DeliveryStatus
	Reminders Reminders
	// SignInURL is the organization's, as it is now; see [Organization.SignInURL].
	SignInURL string
}

// Reminders tells how somebody was reminded of an invitation.
type Reminders struct {
	// Last is the number of the newest; 0 when there is none.
	Last int
	// Open is true while one of them waits to be handed over.
	Open bool
	// Sent counts those that the mail server took.
	Sent int
	// SentAt is when it took the newest of them; zero before.
	SentAt time.Time
}

// DeliveryState is where a mail stands.
type DeliveryState string

const (
	// DeliveryQueued waits to be handed over, for the first time or again.
	DeliveryQueued DeliveryState = "Queued"
	// DeliveryClaimed is being handed over right now by one process.
	DeliveryClaimed DeliveryState = "Claimed"
	// DeliverySent was taken by the mail server.
	DeliverySent DeliveryState = "Sent"
	// DeliveryRejected was refused for good by the mail server.
	DeliveryRejected DeliveryState = "Rejected"
	// DeliveryUnknown may or may not have been taken; see [UnknownDelivery].
	DeliveryUnknown DeliveryState = "Unknown"
	// DeliveryHeld was stopped, with all that count, because too many were to
	// leave; see [MailRail].
	DeliveryHeld DeliveryState = "Held"
	// DeliveryCancelled was still queued when its invitation ended.
	DeliveryCancelled DeliveryState = "Cancelled"
)

// DeliveryStatus tells how the handing over of a mail went.
type DeliveryStatus struct {
	State DeliveryState
	// Attempts counts how often a mail server was asked to take it.
	Attempts int
	// SentAt is when the mail server took it; zero before.
	SentAt time.Time
	// NextAttemptAt is when a queued one is tried again.
	NextAttemptAt time.Time
	// LastError is why the last attempt failed: the server's reply without
	// addresses, bounded to 200 bytes; empty after success.
	LastError string
}
