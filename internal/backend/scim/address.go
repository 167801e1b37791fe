package scim

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ChangeAddress implements [directory.AddressChanger]: userName, where it is the
// address, e-mail address and our key change in one request, and then the
// admission.
func (b *Backend) ChangeAddress(ctx context.Context, org directory.OrganizationID, from, to string) error {
	const op = "change a member's address"
	unlock, err := b.locks.lockAll(ctx, userKey(org, from), userKey(org, to))
	if err != nil {
		return err
	}
	defer unlock()
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	return inOp(op, b.changeAddress(ctx, v, person{org, from}, person{org, to}))
}

func (b *Backend) changeAddress(ctx context.Context, v *view, from, to person) error {
	before, err := b.look(ctx, v, from)
	if err != nil {
		return err
	}
	after, err := b.look(ctx, v, to)
	switch {
	case err != nil:
		return err
	case b.halfway(before, after):
		return b.readdress(ctx, from, to)
	case !before.exists() && !after.exists():
		return missing("the member")
	case from == to, !before.exists():
		return nil
	case after.exists():
		return directory.Errorf(directory.KindExists, "",
			"somebody else is a member under the new address: remove them first, or choose another address")
	case before.there():
		if err := b.moveUser(ctx, v, before, to); err != nil {
			return err
		}
	}
	if !before.admitted() {
		return nil
	}
	return b.readdress(ctx, from, to)
}

// halfway reports whether the service provider has the person under the new
// address already, and the admission is still that of the old one.
func (b *Backend) halfway(before, after sight) bool {
	return !before.there() && before.admitted() && after.there() && !after.admitted() &&
		(after.user.ExternalID() == after.key() || b.learnt.noUserKey.Load())
}

func (b *Backend) readdress(ctx context.Context, from, to person) error {
	err := b.admissions.Readdress(ctx, from.org, from.address, to.address)
	b.listings.touch(from)
	b.listings.touch(to)
	return err
}

func (b *Backend) moveUser(ctx context.Context, v *view, s sight, to person) error {
	who, err := s.subject()
	if err != nil {
		return err
	}
	changes := readdressed(v, s.user, s.address, to.address)
	if s.user.ExternalID() == s.key() {
		changes = append(changes, operation{field: field{path: path("externalId")}, set: protocol.String(to.key())})
	}
	_, err = b.update(ctx, who, changes)
	return err
}
