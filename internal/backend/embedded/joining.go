package embedded

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/database"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// errMember is for somebody who joins and is in already: nothing is redeemed,
// and the password stays what it is.
var errMember = errors.New("there is an active member of this address: sign in instead")

// join makes somebody who confirmed the address by a shareable link a member
// under the name given, and returns the member's id. Nobody has declared the
// person yet; that follows, and with it the access. Whoever was declared
// meanwhile is let in like somebody who was invited.
func (b *Backend) join(ctx context.Context, tx database.Tx, i directory.Invitation, name string) (string, error) {
	before, err := selectRow(ctx, tx, i.Organization, i.Address)
	switch {
	case err != nil:
		return "", err
	case before == nil:
		return b.newcomer(ctx, tx, i, name)
	case before.State == directory.MemberActive:
		return "", &directory.Error{Kind: directory.KindExists, Err: errMember}
	}
	return b.admit(ctx, tx, i, name)
}

// newcomer declares the name that the person gave: the declaration that follows
// repeats it, and changes nothing then.
func (b *Backend) newcomer(ctx context.Context, tx database.Tx, i directory.Invitation, name string) (string, error) {
	r := settle(nil, directory.Member{
		Organization: i.Organization, Address: i.Address,
		Profile: directory.Profile{DisplayName: name}, State: directory.MemberActive,
	}, b.clock.Now())
	r.ConfirmedName = name
	made, err := b.create(ctx, tx, &r)
	if err != nil {
		return "", err
	}
	return made.ID, nil
}
