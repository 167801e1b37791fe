package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxName bounds a confirmed name, in bytes: the 128 code points that the portal
// allows, at up to four bytes each in UTF-8 (RFC 3629, section 3).
const maxName = 512

// Accept redeems the link's token, makes the member active under the confirmed
// name, sets the password and signs the person in, all in one transaction.
//
// KindNotFound when the link is not pending: unknown, used, expired or revoked,
// after the same work. KindConflict when it is, but there is nobody to let in:
// the member was disabled, or is not there; the link then stays pending, and
// works once the member is enabled. For somebody who joins by a shareable link,
// KindQuotaExceeded when that has no use left, KindDenied when it asks for an
// approval, KindExists when the person is in already. KindInvalid when name or password cannot be
// stored; nothing was looked up then. KindUnavailable when the context ends
// before it is this caller's turn.
func (b *Backend) Accept(ctx context.Context, token string, a directory.Acceptance) (string, directory.Account, error) {
	const op = "accept an invitation"
	name := strings.TrimSpace(a.Name)
	if err := checkAcceptance(name, a.Password); err != nil {
		return "", directory.Account{}, inOp(op, err)
	}
	// Before the transaction, which must be short, and in every case, so that
	// time does not tell which tokens are known.
	hash, err := b.hasher.hash(ctx, a.Password)
	if err != nil {
		return "", directory.Account{}, inOp(op, err)
	}
	session, err := newSession(b.rand)
	if err != nil {
		return "", directory.Account{}, inOp(op, err)
	}
	var account directory.Account
	err = b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var err error
		account, err = b.arrive(ctx, tx, arrival{token: token, name: name, hash: hash, session: session})
		return err
	})
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		return "", directory.Account{}, directory.Errorf(directory.KindNotFound, op, "the link is not valid any more")
	case err != nil:
		return "", directory.Account{}, err
	}
	return session, account, nil
}

// arrival is what acceptance writes.
type arrival struct {
	token, name, hash, session string
}

// arrive is everything that acceptance implies.
func (b *Backend) arrive(ctx context.Context, tx database.Tx, a arrival) (directory.Account, error) {
	i, err := b.ledger.Redeem(ctx, tx, a.token)
	if err != nil {
		return directory.Account{}, err
	}
	if i.Purpose == directory.PurposeConfirm {
		// It confirms an address, and must not set a password.
		return directory.Account{}, &directory.Error{Kind: directory.KindNotFound}
	}
	admit := b.admit
	if i.Purpose == directory.PurposeJoinByLink {
		admit = b.join
	}
	member, err := admit(ctx, tx, i, a.name)
	if err != nil {
		return directory.Account{}, err
	}
	epoch, err := b.setPassword(ctx, tx, member, a.hash)
	if err != nil {
		return directory.Account{}, err
	}
	if err := b.startSession(ctx, tx, a.session, member, epoch); err != nil {
		return directory.Account{}, err
	}
	return selectAccount(ctx, tx, member)
}

// admit makes the invited member active and returns its id. One statement both
// looks and changes, so that nobody who is disabled at this moment gets in. A
// name that was not given leaves the declared one.
func (b *Backend) admit(ctx context.Context, tx database.Tx, i directory.Invitation, name string) (string, error) {
	var member string
	err := tx.QueryRowContext(ctx, `
		UPDATE members SET state = 'Active', confirmed_name = $3, version = version + 1,
			joined_at = CASE WHEN joined_at = 0 THEN $4 ELSE joined_at END
		WHERE organization = $1 AND address = $2 AND state <> 'Disabled'
		RETURNING id`,
		i.Organization, i.Address, name, database.Micros(b.clock.Now())).Scan(&member)
	if errors.Is(err, sql.ErrNoRows) {
		return "", &directory.Error{Kind: directory.KindConflict, Err: errors.New("the invited person has no membership that is open: ask whoever invited")}
	}
	return member, err
}

// setPassword ends whatever sessions an earlier password had opened, and returns
// the epoch of new ones.
func (b *Backend) setPassword(ctx context.Context, tx database.Tx, member, hash string) (int64, error) {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO credentials (member, password_hash, changed_at) VALUES ($1, $2, $3)
		ON CONFLICT (member) DO UPDATE SET password_hash = $2, changed_at = $3`,
		member, hash, database.Micros(b.clock.Now()))
	if err != nil {
		return 0, err
	}
	if err := endSessions(ctx, tx, member); err != nil {
		return 0, err
	}
	var epoch int64
	err = tx.QueryRowContext(ctx, "SELECT session_epoch FROM members WHERE id = $1", member).Scan(&epoch)
	return epoch, err
}

// checkAcceptance is KindInvalid for what cannot be stored, or could break out
// of a mail header later on.
func checkAcceptance(name, password string) error {
	var reason string
	switch {
	case storable("", name) != nil || strings.ContainsFunc(name, unicode.IsControl):
		reason = "the name holds a control character: write it again without"
	case len(name) > maxName:
		reason = fmt.Sprintf("the name is longer than %d bytes: write a shorter one", maxName)
	case password == "":
		reason = "the password is empty"
	case len(password) > maxPassword:
		reason = "the password is too long: choose one of at most 128 characters"
	default:
		return nil
	}
	return &directory.Error{Kind: directory.KindInvalid, Err: errors.New(reason)}
}
