package invite

import "github.com/rollcall-dev/rollcall/internal/directory"

// Standing is where the person stands.
type Standing string

const (
	// StandingNotInvited: no invitation was issued.
	StandingNotInvited Standing = "NotInvited"
	// StandingAwaiting: it is the person's turn.
	StandingAwaiting Standing = "Awaiting"
	// StandingAccepted: the person accepted an invitation and is in.
	StandingAccepted Standing = "Accepted"
	// StandingJoined: the person followed a shareable link and is in.
	StandingJoined Standing = "Joined"
	// StandingAdopted: the person is in, and not by an invitation of ours.
	StandingAdopted Standing = "Adopted"
	// StandingConfirming: the person is in, and it is their turn to confirm a
	// changed address.
	StandingConfirming Standing = "Confirming"
	// StandingUnconfirmed: the person is in, and a changed address was not confirmed.
	StandingUnconfirmed Standing = "Unconfirmed"
	// StandingKept: access is kept from the person.
	StandingKept Standing = "Kept"
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

// ended is the standing of somebody whose invitation is over and who is not in.
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
