package portal

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Invitations is what the portal needs from whoever issued the links. Errors
// are of the kinds of [directory.Error]; one that the comments do not name is
// shown as a fault of ours, without details.
type Invitations interface {
	// Lookup returns the invitation whose newest or older link carries the
	// token, in whatever state it is, and changes nothing. KindNotFound when
	// there is none. It takes the same time either way.
	Lookup(ctx context.Context, token string) (directory.Invitation, error)
	// Accept redeems a pending invitation: it makes the person an active
	// member, with everything that acceptance implies, in one transaction, and
	// signs them in. The name is trimmed and free of control characters; the
	// password is normalized, follows the policy of this package, and is to be
	// kept as a hash only. For an invitation with a SignInURL there is no password
	// and no session: both are empty. KindNotFound means that the invitation is not
	// pending any more; KindConflict that the person is disabled; KindInvalid
	// that name or password can not be taken; KindDenied that where people sign in
	// has changed since the page was shown. For somebody who joins by a shareable
	// link also KindQuotaExceeded, when no place is left, KindDenied, when an
	// approval is needed, and KindExists, when they are in. Then nothing has
	// changed.
	Accept(ctx context.Context, token string, a directory.Acceptance) (session string, _ directory.Account, _ error)
	// Confirm redeems a link by which somebody who is in confirms a changed
	// address. KindNotFound means that it is not pending any more.
	Confirm(ctx context.Context, token string) error
	// Decline ends a pending invitation at the person's wish. KindNotFound
	// means that it is not pending any more.
	Decline(ctx context.Context, token string) error
}

// Elsewhere is what the portal needs to know of organizations whose people do
// not sign in here.
type Elsewhere interface {
	// SignInURL returns where the people of an organization sign in; empty when
	// that is here, and for one that is not known.
	SignInURL(ctx context.Context, org directory.OrganizationID) (string, error)
}

// Accounts is what the portal needs to sign people in.
type Accounts interface {
	// SignIn checks the password and starts a session, which is a secret of 128
	// bits or more. The address is as typed, trimmed; the password is
	// normalized as it was for [Invitations.Accept]. KindDenied and
	// KindNotFound mean that it did not match, for whatever reason: an
	// organization or address that does not exist, a disabled person, a wrong
	// password. All of them take the time of one password hash.
	SignIn(ctx context.Context, org directory.OrganizationID, address, password string) (session string, _ directory.Account, _ error)
	// Session returns whose session it is. KindNotFound when it is unknown,
	// ended or expired.
	Session(ctx context.Context, session string) (directory.Account, error)
	// SignOut ends a session. Ending one that is not there succeeds.
	SignOut(ctx context.Context, session string) error
}
