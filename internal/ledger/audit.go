package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxAuditEntries bounds one answer of Audit.
const maxAuditEntries = 1000

// Actor is the part of Rollcall on whose behalf something was done.
type Actor string

const (
	// ActorManager acts on what is declared.
	ActorManager Actor = "manager"
	// ActorPortal acts for the person who was invited.
	ActorPortal Actor = "portal"
	// ActorOutbox hands over mail.
	ActorOutbox Actor = "outbox"
)

// Action is what was done.
type Action string

const (
	// ActionOrganizationApplied recorded a mail identity and policy.
	ActionOrganizationApplied Action = "OrganizationApplied"
	// ActionOrganizationRemoved forgot them.
	ActionOrganizationRemoved Action = "OrganizationRemoved"
	// ActionIssued made a new invitation.
	ActionIssued Action = "Issued"
	// ActionUpdated changed what the invited person is told.
	ActionUpdated Action = "Updated"
	// ActionMailRequested queued a mail for an invitation that had none.
	ActionMailRequested Action = "MailRequested"
	// ActionReminderRequested queued a reminder.
	ActionReminderRequested Action = "ReminderRequested"
	// ActionRevoked ended a pending invitation; the note says why.
	ActionRevoked Action = "Revoked"
	// ActionAccepted is the person's answer.
	ActionAccepted = Action(directory.InvitationAccepted)
	// ActionDeclined is the other one.
	ActionDeclined = Action(directory.InvitationDeclined)
	// ActionClaimed began an attempt to hand over a mail.
	ActionClaimed Action = "Claimed"
	// ActionSent ended one: the mail server took the message.
	ActionSent Action = "Sent"
	// ActionRejected ended one: the mail server refused the message for good.
	ActionRejected Action = "Rejected"
	// ActionRetried ended one: it is tried again later.
	ActionRetried Action = "Retried"
	// ActionUnknown ended one: nobody can know.
	ActionUnknown Action = "Unknown"
	// ActionResent queued a mail once more after an attempt of unknown outcome.
	ActionResent Action = "Resent"
	// ActionCancelled gave up a mail that was due after its invitation had ended.
	ActionCancelled Action = "Cancelled"
)

// AuditEntry is one line of the audit trail.
type AuditEntry struct {
	// ID sorts as the entries were written, within one process.
	ID           string
	At           time.Time
	Actor        Actor
	Action       Action
	Organization directory.OrganizationID
	// Address is empty when the entry is about the organization itself.
	Address string
	// Invitation is the invitation's id and Revision its revision; "" and 0
	// when the entry is about none.
	Invitation string
	Revision   int64
	// Note says more: the revision that was asked for, why it was revoked, what
	// the mail server said. It holds no address, no token and no link.
	Note string
}

// Audit returns entries about an address, or about the whole organization when
// the address is empty, newest first, at most limit of them and at most 1000.
func (l *Ledger) Audit(ctx context.Context, org directory.OrganizationID, address string, limit int) ([]AuditEntry, error) {
	query, args := selectAudit+"WHERE organization = $1 AND address = $2 ORDER BY id DESC LIMIT $3",
		[]any{org, address, atMost(limit, maxAuditEntries)}
	if address == "" {
		query, args = selectAudit+"WHERE organization = $1 ORDER BY id DESC LIMIT $2",
			[]any{org, atMost(limit, maxAuditEntries)}
	}
	return l.auditEntries(ctx, query, args...)
}

const selectAudit = `SELECT id, at, actor, action, organization, address, invitation, revision, note FROM audit `

// audit writes an entry as part of the transaction that does what it tells of.
func (l *Ledger) audit(ctx context.Context, tx database.Tx, e AuditEntry) error {
	at := database.Micros(l.now())
	// The time comes first so that ids sort by it; the rest makes them unique
	// among the goroutines of this process, its earlier runs, and others.
	e.ID = fmt.Sprintf("%016x%08x%s", at, l.entries.Add(1), l.run)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO audit (id, at, actor, action, organization, address, invitation, revision, note)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		e.ID, at, e.Actor, e.Action, e.Organization, e.Address, e.Invitation, e.Revision, e.Note)
	return err
}

// entry is an audit entry about the record.
func (r *record) entry(actor Actor, action Action, note string) AuditEntry {
	return AuditEntry{
		Actor: actor, Action: action, Organization: r.organization, Address: r.address,
		Invitation: r.id, Revision: r.revision, Note: note,
	}
}
