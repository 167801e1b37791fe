package portal

import (
	"net/http"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// showDead answers a link that does not work any more. Status, headers,
// elements and work are the same for all of them. What became of an invitation
// is told to whoever holds its token, because the words would help nobody who
// guesses; who was invited is not, because mails are forwarded.
func (p *portal) showDead(w http.ResponseWriter, r *http.Request, i directory.Invitation) {
	n := deadLink(i)
	n.Status = http.StatusNotFound
	p.showNotice(w, r, n)
}

func deadLink(i directory.Invitation) notice {
	if i.Purpose == directory.PurposeJoinByLink {
		return deadJoin(i)
	}
	organization := isolate(i.Details.OrganizationName)
	if i.Purpose == directory.PurposeConfirm && i.State != "" {
		return deadConfirmation(i, organization)
	}
	switch i.State {
	case directory.InvitationAccepted:
		return ledToSignIn(i, notice{
			Heading: "This invitation has been used",
			Reason:  "Somebody has joined " + organization + " with it. If that was you, " + howToSignIn(i) + ".",
			Advice:  "If it was not you, tell whoever invited you right away.",
		})
	case directory.InvitationExpired:
		return notice{
			Heading: "This invitation has expired",
			Reason:  "It was good until " + moment(i.ExpiresAt) + ".",
			Advice:  "Ask whoever invited you to " + organization + " to send you a new one.",
		}
	case directory.InvitationDeclined:
		return notice{
			Heading: "This invitation was declined",
			Reason:  "You have not joined " + organization + ", and there is no account for you.",
			Advice:  "If you changed your mind, ask whoever invited you to send a new one.",
		}
	case directory.InvitationRevoked:
		return notice{
			Heading: "This invitation is no longer valid",
			Reason:  "It was replaced by a newer one, or withdrawn.",
			Advice:  "Look for a more recent mail from " + organization + ". If there is none, ask whoever invited you.",
		}
	default:
		return notice{
			Heading: "This link does not work",
			Reason:  "It may be incomplete: some mail programs break long links. Copy the whole link from the mail into the address bar.",
			Advice:  "If that does not help, ask whoever invited you to send a new one.",
		}
	}
}

// deadConfirmation is for a link that confirms a changed address.
func deadConfirmation(i directory.Invitation, organization string) notice {
	switch i.State {
	case directory.InvitationAccepted:
		reason := "It is the one to sign in with at " + organization + "."
		if i.SignInURL != "" {
			reason = "It is your address at " + organization + " now."
		}
		return ledToSignIn(i, notice{
			Heading: "This address has been confirmed",
			Reason:  reason,
			Advice:  "If it was not you who confirmed it, tell " + organization + " right away.",
		})
	case directory.InvitationExpired:
		return notice{
			Heading: "This link has expired",
			Reason:  "It was good until " + moment(i.ExpiresAt) + ". Your address has not been changed.",
			Advice:  "Ask whoever looks after the people of " + organization + " to send you a new one.",
		}
	default:
		return notice{
			Heading: "This link is no longer valid",
			Reason:  "It was replaced by a newer one, withdrawn, or declined. Your address has not been changed by it.",
			Advice:  "Look for a more recent mail from " + organization + ".",
		}
	}
}

// moment writes a time for people, in UTC, because a page without scripts can
// not know where they are.
func moment(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006 at 15:04 UTC") }
