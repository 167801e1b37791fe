package directory

import "time"

// Delivery is a claimed outbox entry: everything that is needed to write and
// hand over one mail, without another look at the database.
type Delivery struct {
	ID           string
	Organization OrganizationID
	Mail         MailIdentity
	// Address is the recipient, canonical.
	Address string
	Details InvitationDetails
	// Link is the absolute URL that the mail's button leads to. It is a secret.
	Link      string
	ExpiresAt time.Time
	// MessageID is the Message-ID header's value without angle brackets. It is
	// a function of organization, address, revision and the number of the
	// reminder, so that a mail that is handed over twice can be recognised as one.
	MessageID string
	// Purpose says what following the link means.
	Purpose InvitationPurpose
	// Reminder is the number of the reminder that the mail is, 0 for the first mail.
	Reminder int
	// InReplyTo is the Message-ID of the mail that a reminder reminds of; empty
	// for the first mail.
	InReplyTo string
	// Attempt counts from 1.
	Attempt int
	// Deadline is when the claim ends: an attempt must be given up before it.
	Deadline time.Time
}

// DeliveryOutcome is how an attempt to hand over a mail ended.
type DeliveryOutcome struct {
	Result DeliveryResult
	// Reason is the mail server's words or ours, bounded to 200 bytes, without
	// addresses; empty for [ResultSent].
	Reason string
}

// DeliveryResult is one of four: there is no other way an attempt can end.
type DeliveryResult string

const (
	// ResultSent: the server answered the final dot with 2xx.
	ResultSent DeliveryResult = "Sent"
	// ResultRejected: it can never be sent. The server answered 5xx to the
	// message, sender or recipient; or it cannot be written; or it expired first.
	ResultRejected DeliveryResult = "Rejected"
	// ResultRetry: it failed before the server can have taken the message, or
	// the server answered 4xx, or our own configuration is at fault.
	ResultRetry DeliveryResult = "Retry"
	// ResultUnknown: the connection was lost after the final dot and before
	// its answer; nobody can know.
	ResultUnknown DeliveryResult = "Unknown"
)

// Change says that something about an address was changed by somebody else
// than its controller: the portal, the mail outbox, another process. It
// carries no data; whoever gets it looks again. Without an address it is about
// all of the organization whom a rail had stopped, or stops now.
type Change struct {
	// Sequence grows in the order in which changes were committed.
	Sequence     int64
	Organization OrganizationID
	Address      string
}
