package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Accept redeems the link's token for an organization whose people sign in
// elsewhere, and makes the admission of the person active under the name given,
// all in one transaction. Whoever creates the person there is told by the change
// of the redemption. It starts no session: there is none to start.
//
// KindNotFound when the link is not pending: unknown, used, expired or revoked,
// or for something else. KindConflict when there is nobody to let in: the person
// was disabled, or has no admission; the link then stays pending, and works once
// there is one. KindInvalid when the name cannot be stored, or a password is
// given, which is nobody's to keep; nothing was looked up then. KindDenied when
// the organization's people sign in here. For somebody who joins by a shareable
// link, also what [Ledger.Redeem] says, and KindExists when the person is in
// already.
func (l *Ledger) Accept(ctx context.Context, token string, a directory.Acceptance) (directory.Account, error) {
	const op = "accept an invitation"
	name := strings.TrimSpace(a.Name)
	switch {
	case name != "" && !plain(name, maxName):
		return directory.Account{}, directory.Errorf(directory.KindInvalid, op, "the name is too long or not plain text: write it again")
	case a.Password != "":
		return directory.Account{}, directory.Errorf(directory.KindInvalid, op, "a password is given, and people sign in elsewhere")
	}
	var account directory.Account
	err := l.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		i, err := l.answer(ctx, tx, op, token, directory.InvitationAccepted)
		switch {
		case err != nil:
			return err
		case i.Purpose == directory.PurposeConfirm:
			return &directory.Error{Kind: directory.KindNotFound, Op: op}
		case i.SignInURL == "":
			return directory.Errorf(directory.KindDenied, op, "the organization's people sign in here: a password is needed")
		}
		if err := l.letIn(ctx, tx, i, name); err != nil {
			return inOp(op, err)
		}
		account = directory.Account{
			Organization: i.Organization, OrganizationName: i.Details.OrganizationName, Address: i.Address,
			Name: name, Roles: i.Details.Roles, Units: i.Details.Units,
		}
		return nil
	})
	if err != nil {
		return directory.Account{}, err
	}
	return account, nil
}

// letIn makes the admission active, or a new one for somebody who joins by a
// shareable link and whom nobody has declared yet.
func (l *Ledger) letIn(ctx context.Context, tx database.Tx, i directory.Invitation, name string) error {
	if i.Purpose != directory.PurposeJoinByLink {
		// For a backend that was told of no name at the invitation, the one that the
		// person was invited by is what was declared.
		return l.activate(ctx, tx, i, name, i.Details.DisplayName)
	}
	if err := l.takeUse(ctx, tx, "accept an invitation", i, false); err != nil {
		return err
	}
	before, err := selectAdmission(ctx, tx, i.Organization, i.Address)
	switch {
	case err != nil:
		return err
	case before == nil:
		// The declaration that follows repeats the name, and takes nothing back then.
		newcomer := admissionRecord{
			organization: i.Organization, address: i.Address, state: directory.MemberActive,
			joinedAt: database.Micros(l.now()), confirmedName: name, declaredName: name,
		}
		return newcomer.insert(ctx, tx)
	case before.state == directory.MemberActive:
		return &directory.Error{Kind: directory.KindExists, Err: errors.New("there is an active member of this address: sign in instead")}
	}
	return l.activate(ctx, tx, i, name, "")
}

// activate is one statement that both looks and changes, so that nobody who is
// disabled at this moment gets in.
func (l *Ledger) activate(ctx context.Context, tx database.Tx, i directory.Invitation, name, declared string) error {
	var address string
	err := tx.QueryRowContext(ctx, activateAdmission, i.Organization, i.Address, name, declared, database.Micros(l.now())).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		return &directory.Error{Kind: directory.KindConflict, Err: errors.New("the invited person has no membership that is open: ask whoever invited")}
	}
	return err
}

const activateAdmission = `
UPDATE admissions SET state = 'Active', provisioned = 0, confirmed_name = $3,
	declared_name = CASE WHEN declared_name = '' THEN $4 ELSE declared_name END,
	joined_at = CASE WHEN joined_at = 0 THEN $5 ELSE joined_at END
WHERE organization = $1 AND address = $2 AND state <> 'Disabled'
RETURNING address`
