package invite

import (
	"reflect"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Facts is all that a decision about a person's invitation depends on.
type Facts struct {
	Now time.Time
	// Wanted is false when no invitation is to be issued.
	Wanted bool
	// Mail is true when the invitation is to be mailed.
	Mail bool
	// Asked is the revision that the declaration asks for, from 1.
	Asked int64
	// Request is what somebody asked for by hand; empty for nothing.
	Request string
	// Details is what the person is to be told.
	Details directory.InvitationDetails
	// RemindAfter are the times after which somebody who has not answered is
	// reminded, counted from the invitation and ascending.
	RemindAfter []time.Duration
	// Kept is true when access is kept from the person.
	Kept bool
	// Active is true when the backend says that the person is in.
	Active bool
	// Moving is true when the person is in under another address than the
	// declared one, and has to confirm that.
	Moving bool
	// Invitation is the newest one of the declared address; its zero value means none.
	Invitation directory.Invitation
}

// Act is what is to be done now.
type Act string

const (
	// ActNothing leaves everything as it is.
	ActNothing Act = "Nothing"
	// ActInvite asks for an invitation, or brings a pending one up to date.
	ActInvite Act = "Invite"
	// ActRemind asks for the reminder of [Decision.Reminder].
	ActRemind Act = "Remind"
	// ActMove gives the member the declared address, which is confirmed.
	ActMove Act = "Move"
	// ActClose takes back what is pending.
	ActClose Act = "Close"
)

// Decision is what follows from [Facts].
type Decision struct {
	Act      Act
	Standing Standing
	// Purpose is that of the invitation to ask for, with [ActInvite].
	Purpose directory.InvitationPurpose
	// Reminder is the number of the reminder that is due, with [ActRemind].
	Reminder int
	// Until is when time alone changes something; zero for never.
	Until time.Time
}

// Decide is the next step of a person's invitation. It is pure: the same facts
// lead to the same decision, and after the act was done the facts lead to
// [ActNothing].
func Decide(f Facts) Decision {
	pending := f.Invitation.State == directory.InvitationPending
	switch {
	case f.Kept:
		return Decision{Act: closeIf(pending), Standing: StandingKept}
	case f.Moving:
		return decideMove(f)
	case f.Active:
		return decideActive(f, pending)
	case !f.Wanted:
		return Decision{Act: closeIf(pending), Standing: StandingNotInvited}
	case asks(f, directory.PurposeJoin):
		return Decision{Act: ActInvite, Purpose: directory.PurposeJoin, Standing: StandingNotInvited}
	case pending:
		return awaiting(f, directory.PurposeJoin, StandingAwaiting)
	default:
		return Decision{Act: ActNothing, Standing: ended(f.Invitation.State)}
	}
}

func decideActive(f Facts, pending bool) Decision {
	if f.Invitation.State != directory.InvitationAccepted {
		return Decision{Act: closeIf(pending), Standing: StandingAdopted}
	}
	if f.Invitation.Purpose == directory.PurposeJoinByLink {
		return Decision{Act: ActNothing, Standing: StandingJoined}
	}
	return Decision{Act: ActNothing, Standing: StandingAccepted}
}

// decideMove decides about somebody who is in, and whose declared address is
// another one than the backend's. Without an invitation there is no way to ask
// them, and the declaration is all there is to go by.
func decideMove(f Facts) Decision {
	switch {
	case !f.Wanted:
		return Decision{Act: ActMove, Standing: StandingConfirming}
	case asks(f, directory.PurposeConfirm):
		return Decision{Act: ActInvite, Purpose: directory.PurposeConfirm, Standing: StandingConfirming}
	case f.Invitation.State == directory.InvitationAccepted:
		return Decision{Act: ActMove, Standing: StandingConfirming}
	case f.Invitation.State == directory.InvitationPending:
		return awaiting(f, directory.PurposeConfirm, StandingConfirming)
	default:
		return Decision{Act: ActNothing, Standing: StandingUnconfirmed}
	}
}

// asks reports whether a new invitation is asked for: none was issued, or one
// is asked for beside the last, or the last was for something else.
func asks(f Facts, purpose directory.InvitationPurpose) bool {
	inv := f.Invitation
	return inv.ID == "" || f.Asked > inv.Asked || f.Request != "" && f.Request != inv.Request || inv.Purpose != purpose
}

// awaiting decides about a pending invitation.
func awaiting(f Facts, purpose directory.InvitationPurpose, standing Standing) Decision {
	d := Decision{Act: refresh(f), Standing: standing, Until: f.Invitation.ExpiresAt}
	if d.Act == ActInvite {
		d.Purpose = purpose
	}
	due, next := reminder(f)
	if d.Act == ActNothing && due > 0 {
		d.Act, d.Reminder = ActRemind, due
	}
	if !next.IsZero() {
		d.Until = next
	}
	return d
}

// reminder returns the number of the reminder that is due, or 0, and when the
// next one is. Of several that became due, while nobody looked, the last one
// stands for all. A mail that nobody took is not reminded of.
func reminder(f Facts) (int, time.Time) {
	inv := f.Invitation
	if !f.Mail || inv.Delivery.State != directory.DeliverySent {
		return 0, time.Time{}
	}
	due := 0
	for i, after := range f.RemindAfter {
		at := inv.CreatedAt.Add(after)
		if !at.Before(inv.ExpiresAt) {
			break
		}
		if at.After(f.Now) {
			return unlessReminded(inv.Reminders, due), at
		}
		due = i + 1
	}
	return unlessReminded(inv.Reminders, due), time.Time{}
}

func unlessReminded(r directory.Reminders, due int) int {
	if r.Open || due <= r.Last {
		return 0
	}
	return due
}

func closeIf(pending bool) Act {
	if pending {
		return ActClose
	}
	return ActNothing
}

// refresh asks for a pending invitation again when what the person is told, or
// how they are told, has changed.
func refresh(f Facts) Act {
	mail := f.Invitation.Delivery.State
	missing := f.Mail && (mail == "" || mail == directory.DeliveryCancelled)
	unwanted := !f.Mail && mail == directory.DeliveryQueued
	if missing || unwanted || !reflect.DeepEqual(f.Details, f.Invitation.Details) {
		return ActInvite
	}
	return ActNothing
}
