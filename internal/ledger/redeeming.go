package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/invite"
)

// Lookup returns the invitation that the token belongs to, in whatever state it
// is. KindNotFound when the token is malformed or belongs to none. It changes
// nothing, and takes as long for a used token as for one that works.
func (l *Ledger) Lookup(ctx context.Context, token string) (directory.Invitation, error) {
	const op = "look up an invitation"
	parsed, err := invite.ParseToken(token)
	if err != nil {
		return directory.Invitation{}, &directory.Error{Kind: directory.KindNotFound, Op: op}
	}
	var found directory.Invitation
	err = l.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		r, err := selectOne(ctx, tx, op, "WHERE i.token_hash = $1", parsed.Hash())
		if err != nil {
			return err
		}
		found, err = r.invitation(l.now())
		return err
	})
	return found, err
}

// Redeem accepts the invitation that the token belongs to, as part of the
// caller's transaction: when that fails, nothing was redeemed. KindNotFound
// unless it is pending at this moment; of any number of callers one succeeds.
// The change is appended when the transaction commits. It is for whoever signs
// people in here, and keeps what they sign in with: KindDenied when the people of
// the organization sign in elsewhere, see [Ledger.Accept].
//
// For somebody who joins by a shareable link it takes a use of that:
// KindQuotaExceeded when none is left, KindDenied when the link asks for an
// approval, see [Ledger.ConfirmJoin].
func (l *Ledger) Redeem(ctx context.Context, tx database.Tx, token string) (directory.Invitation, error) {
	const op = "redeem an invitation"
	i, err := l.answer(ctx, tx, op, token, directory.InvitationAccepted)
	if err == nil && i.SignInURL != "" {
		return directory.Invitation{}, directory.Errorf(directory.KindDenied, op, "the organization's people sign in elsewhere")
	}
	if err != nil || i.Purpose != directory.PurposeJoinByLink {
		return i, err
	}
	return i, l.takeUse(ctx, tx, op, i, false)
}

// Decline turns the invitation down for the person whose token it is.
// KindNotFound unless it is pending at this moment.
func (l *Ledger) Decline(ctx context.Context, token string) error {
	const op = "decline an invitation"
	return l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		_, err := l.answer(ctx, tx, op, token, directory.InvitationDeclined)
		return err
	})
}

// answer ends an invitation on behalf of the person who was invited. The actions
// of the two answers have the names of the states.
func (l *Ledger) answer(ctx context.Context, tx database.Tx, op, token string, to directory.InvitationState) (directory.Invitation, error) {
	none := &directory.Error{Kind: directory.KindNotFound, Op: op}
	parsed, err := invite.ParseToken(token)
	if err != nil {
		return directory.Invitation{}, none
	}
	now := l.now()
	ended, err := l.end(ctx, tx, to, alive, parsed.Hash(), database.Micros(now))
	if directory.IsKind(err, directory.KindNotFound) {
		return directory.Invitation{}, none
	}
	if err != nil {
		return directory.Invitation{}, inOp(op, err)
	}
	err = l.audit(ctx, tx, AuditEntry{
		Actor: ActorPortal, Action: Action(to), Organization: ended.organization, Address: ended.address,
		Invitation: ended.id, Revision: ended.revision,
	})
	if err != nil {
		return directory.Invitation{}, inOp(op, err)
	}
	l.appendChange(tx, ended.organization, ended.address)
	r, err := selectOne(ctx, tx, op, "WHERE i.id = $1", ended.id)
	if err != nil {
		return directory.Invitation{}, inOp(op, err)
	}
	return r.invitation(now)
}

// alive selects by token what may be answered. Expiry is in the same statement
// as the change of state, so no clock can run between the two.
const alive = `token_hash = $3 AND closed = 0 AND expires_at > $4
	AND EXISTS (SELECT 1 FROM ledger_organizations o WHERE o.id = invitations.organization)`

const cancelQueued = "UPDATE deliveries SET state = 'Cancelled' WHERE invitation = $1 AND state IN ('Queued', 'Held')"

// endPending is completed by a condition.
const endPending = "UPDATE invitations SET state = $1, ended_at = $2 WHERE state = 'Pending' AND "

// ended is what end tells about the invitation that it ended.
type ended struct {
	id           string
	organization directory.OrganizationID
	address      string
	revision     int64
}

// end takes the invitation out of Pending, if that is where it is, and cancels
// what is queued for it. The condition's arguments start at $3. KindNotFound
// when nothing that is pending meets it.
func (l *Ledger) end(ctx context.Context, tx database.Tx, to directory.InvitationState, condition string, args ...any) (ended, error) {
	var e ended
	args = append([]any{to, database.Micros(l.now())}, args...)
	err := tx.QueryRowContext(ctx, endPending+condition+" RETURNING id, organization, address, revision", args...).
		Scan(&e.id, &e.organization, &e.address, &e.revision)
	if errors.Is(err, sql.ErrNoRows) {
		return ended{}, &directory.Error{Kind: directory.KindNotFound, Op: "end an invitation"}
	}
	if err != nil {
		return ended{}, err
	}
	_, err = tx.ExecContext(ctx, cancelQueued, e.id)
	return e, err
}
