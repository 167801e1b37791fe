package directory

import (
	"context"
	"time"
)

// MailLimits bounds how much mail of an organization leaves.
type MailLimits struct {
	// PerHour is how many mails leave within a rolling hour; the others wait. 0
	// for any number.
	PerHour int
	// Surge is how many invitations that are not [InvitationRequest.Bulk] leave
	// within the window: when there are more, none of them leaves until somebody
	// approves it. Negative for any number.
	Surge int
	// SurgeWindow is the time within which these are added up.
	SurgeWindow time.Duration
}

// HeldMail is what the limit on a surge has stopped.
type HeldMail struct {
	// Wave names exactly what was stopped so far; empty when nothing was.
	Wave string
	// Waiting counts what was stopped and could still leave.
	Waiting int
	// Done counts what left within the window, of what counts.
	Done int
	// Limit is how many may.
	Limit int
}

// MailRail bounds the mail of organizations. The ledger does, where mail leaves.
type MailRail interface {
	// ApplyLimits brings the limits of an organization to what is given, and lets
	// go what was stopped when there is room for all of it. Applying what is there
	// already writes nothing. Without limits any number of mails leaves.
	ApplyLimits(ctx context.Context, org OrganizationID, limits MailLimits) error
	// HeldMail tells what was stopped.
	HeldMail(ctx context.Context, org OrganizationID) (HeldMail, error)
	// ReleaseMail lets those leave that were stopped when the wave had this name,
	// and returns how many; 0 when they are not the same any more. They count
	// for nothing from then on. Those that were stopped later stay.
	ReleaseMail(ctx context.Context, org OrganizationID, wave string) (int, error)
}
