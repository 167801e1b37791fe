package embedded

import (
	"context"
	"database/sql"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// identity is what signing in needs to know of a member; the zero identity is
// nobody's.
type identity struct {
	member string
	hash   string
	active bool
}

// SignIn starts a session for the person, which lasts twelve hours. The address
// may be in any spelling. KindDenied, after the same work, for an unknown
// organization or address, for a wrong password and for a member who is not
// active; KindUnavailable when the context ends before it is this caller's turn.
func (b *Backend) SignIn(ctx context.Context, org directory.OrganizationID, addr, password string) (string, directory.Account, error) {
	const op = "sign in"
	who, err := b.identify(ctx, op, org, addr)
	if err != nil {
		return "", directory.Account{}, err
	}
	if len(password) > maxPassword {
		// Nobody has such a password; the work must be done all the same.
		password, who = "", identity{}
	}
	ok, err := b.hasher.verify(ctx, who.hash, password)
	if err != nil {
		return "", directory.Account{}, inOp(op, err)
	}
	if !ok || !who.active {
		return "", directory.Account{}, denied(op)
	}
	fresh := ""
	if b.hasher.weak(who.hash) {
		if fresh, err = b.hasher.hash(ctx, password); err != nil {
			return "", directory.Account{}, inOp(op, err)
		}
	}
	return b.enter(ctx, op, who, fresh)
}

// identify finds whom an address means. One that nobody can have is looked for
// too, in vain, so that it takes as long as one that nobody has.
func (b *Backend) identify(ctx context.Context, op string, org directory.OrganizationID, addr string) (identity, error) {
	parsed, invalid := address.Parse(addr)
	if invalid != nil || storableKey("the organization's id", string(org)) != nil {
		parsed, org = address.Address{}, ""
	}
	var who identity
	err := b.read(ctx, op, func(ctx context.Context, tx database.Tx) error {
		who = identity{}
		var state directory.MemberState
		err := tx.QueryRowContext(ctx, `
			SELECT m.id, m.state, c.password_hash FROM members m JOIN credentials c ON c.member = m.id
			WHERE m.organization = $1 AND m.address = $2`, org, parsed.String()).Scan(&who.member, &state, &who.hash)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		who.active = state == directory.MemberActive
		return err
	})
	return who, err
}

// enter starts the session, unless what was verified is not true any more.
func (b *Backend) enter(ctx context.Context, op string, who identity, fresh string) (string, directory.Account, error) {
	session, err := newSession(b.rand)
	if err != nil {
		return "", directory.Account{}, inOp(op, err)
	}
	var account directory.Account
	err = b.write(ctx, op, func(ctx context.Context, tx database.Tx) error {
		var epoch int64
		err := tx.QueryRowContext(ctx, `
			SELECT m.session_epoch FROM members m JOIN credentials c ON c.member = m.id
			WHERE m.id = $1 AND m.state = 'Active' AND c.password_hash = $2`, who.member, who.hash).Scan(&epoch)
		if errors.Is(err, sql.ErrNoRows) {
			return denied(op)
		}
		if err != nil {
			return err
		}
		if fresh != "" {
			if _, err := tx.ExecContext(ctx, "UPDATE credentials SET password_hash = $3 WHERE member = $1 AND password_hash = $2",
				who.member, who.hash, fresh); err != nil {
				return err
			}
		}
		if err := b.startSession(ctx, tx, session, who.member, epoch); err != nil {
			return err
		}
		account, err = selectAccount(ctx, tx, who.member)
		return err
	})
	if err != nil {
		return "", directory.Account{}, err
	}
	return session, account, nil
}

// denied is the one answer to whoever may not sign in, whatever the cause.
func denied(op string) error {
	return directory.Errorf(directory.KindDenied, op, "the address or the password is wrong, or this person has no access")
}
