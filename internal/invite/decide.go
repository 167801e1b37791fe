package invite

import (
	"reflect"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Facts is all that a decision about a person's invitation depends on.
type Facts struct {
	// Wanted is false when no invitation is to be issued.
	Wanted bool
	// Mail is true when the invitation is to be mailed.
	Mail bool
	// Asked is the revision that the declaration asks for, from 1.
	Asked int64
	// Details is what the person is to be told.
	Details directory.InvitationDetails
	// Active is true when the backend says that the person is in.
	Active bool
	// Invitation is the newest one; its zero value means none.
	Invitation directory.Invitation
}

// Act is what is to be done now.
type Act string

const (
	// ActNothing leaves everything as it is.
	ActNothing Act = "Nothing"
	// ActInvite asks for an invitation, or brings a pending one up to date.
	ActInvite Act = "Invite"
	// ActClose takes back what is pending.
	ActClose Act = "Close"
)

// Standing is where the person stands.
type Standing string

const (
	// StandingNotInvited: no invitation was issued.
	StandingNotInvited Standing = "NotInvited"
	// StandingAwaiting: it is the person's turn.
	StandingAwaiting Standing = "Awaiting"
	// StandingAccepted: the person accepted an invitation and is in.
	StandingAccepted Standing = "Accepted"
	// StandingAdopted: the person is in, and not by an invitation of ours.
	StandingAdopted Standing = "Adopted"
	// StandingExpired: the link's time ran out.
	StandingExpired Standing = "Expired"
	// StandingDeclined: the person said no.
	StandingDeclined Standing = "Declined"
	// StandingRevoked: the invitation was taken back.
	StandingRevoked Standing = "Revoked"
	// StandingGone: the person accepted and is no longer in: somebody removed
	// them from the backend.
	StandingGone Standing = "Gone"
)

// Decision is what follows from [Facts].
type Decision struct {
	Act      Act
	Standing Standing
	// Until is when time alone changes the standing; zero for never.
	Until time.Time
}

// Decide is the next step of a person's invitation. It is pure: the same facts
// lead to the same decision, and after the act was done the facts lead to
// [ActNothing].
func Decide(f Facts) Decision {
	inv := f.Invitation
	pending := inv.State == directory.InvitationPending
	switch {
	case f.Active && inv.State == directory.InvitationAccepted:
		return Decision{Act: ActNothing, Standing: StandingAccepted}
	case f.Active:
		return Decision{Act: closeIf(pending), Standing: StandingAdopted}
	case !f.Wanted:
		return Decision{Act: closeIf(pending), Standing: StandingNotInvited}
	case inv.ID == "" || f.Asked > inv.Asked:
		return Decision{Act: ActInvite, Standing: StandingNotInvited}
	case pending:
		return Decision{Act: refresh(f), Standing: StandingAwaiting, Until: inv.ExpiresAt}
	default:
		return Decision{Act: ActNothing, Standing: ended(inv.State)}
	}
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
	unmailed := f.Mail && f.Invitation.Delivery.State == ""
	if unmailed || !reflect.DeepEqual(f.Details, f.Invitation.Details) {
		return ActInvite
	}
	return ActNothing
}

func ended(s directory.InvitationState) Standing {
	switch s {
	case directory.InvitationAccepted:
		return StandingGone
	case directory.InvitationDeclined:
		return StandingDeclined
	case directory.InvitationExpired:
		return StandingExpired
	default:
		return StandingRevoked
	}
}
