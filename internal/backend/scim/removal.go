package scim

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// RemoveMember implements [directory.Backend].
func (b *Backend) RemoveMember(ctx context.Context, org directory.OrganizationID, address string, how directory.Removal) error {
	const op = "remove a member"
	p := person{org, address}
	unlock, err := b.locks.lock(ctx, p.key())
	if err != nil {
		return err
	}
	defer unlock()
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	switch how {
	case directory.RemovalDisable:
		return inOp(op, b.disable(ctx, v, p))
	case directory.RemovalDrop, directory.RemovalDelete:
		return inOp(op, b.drop(ctx, v, p))
	default:
		return directory.Errorf(directory.KindInvalid, op, "removal %q is unknown", how)
	}
}

// disable keeps the record, when there is one.
func (b *Backend) disable(ctx context.Context, v *view, p person) error {
	s, err := b.lookFor(ctx, v, p, search{listings: patience})
	if err != nil || !s.exists() {
		return err
	}
	if s.in() && !v.has("active") {
		return errUndisablable()
	}
	a := s.admission
	a.Organization, a.Address = p.org, p.address
	a.State, a.JoinedAt, a.Provisioned = directory.MemberDisabled, b.joinedAt(s), false
	waits := awaitingOf(a)
	waits.Creating, waits.Made, waits.LetIn = false, "", false
	if a.Awaiting, err = waits.text(); err != nil {
		return err
	}
	if s.in() {
		if err := b.deactivate(ctx, s.user); err != nil {
			return err
		}
	}
	return b.admit(ctx, a, s.admission)
}

// deactivate ends access. Some service providers delete whom one deactivates.
func (b *Backend) deactivate(ctx context.Context, user protocol.Resource) error {
	_, err := b.setActive(ctx, user, false)
	if directory.IsKind(err, directory.KindNotFound) {
		b.forgetUser(user.ID())
		return nil
	}
	return err
}

func (b *Backend) drop(ctx context.Context, v *view, p person) error {
	if !slices.Contains(b.removals(v), directory.RemovalDrop) {
		return errUndeletable()
	}
	s, err := b.lookFor(ctx, v, p, search{listings: patience})
	if err != nil {
		return err
	}
	if s.there() {
		if err := b.delete(ctx, v, s.user); err != nil {
			return err
		}
	}
	if !s.admitted() {
		return nil
	}
	return b.admissions.Dismiss(ctx, p.org, p.address)
}

func errUndeletable() error {
	return directory.Errorf(directory.KindUnsupported, "", "the service provider deletes no users; they can be disabled")
}

func errUndisablable() error {
	return directory.Errorf(directory.KindUnsupported, "", "the service provider cannot disable users; they can be removed")
}

// delete ends access, and then the record.
func (b *Backend) delete(ctx context.Context, v *view, user protocol.Resource) error {
	was := isActive(user) && v.has("active")
	if was {
		err := b.deactivate(ctx, user)
		switch {
		case directory.IsKind(err, directory.KindUnsupported):
			// Where access does not end before the record, it ends with it.
			was = false
		case err != nil:
			return err
		}
	}
	err := b.client.Delete(ctx, protocol.Users, user.ID(), "")
	switch {
	case directory.IsKind(err, directory.KindUnsupported):
		b.learnt.noDelete.Store(true)
		return b.reactivate(ctx, user, was)
	case err != nil && !directory.IsKind(err, directory.KindNotFound):
		return err
	}
	b.forgetUser(user.ID())
	return b.deleted(ctx, user.ID())
}

// reactivate takes back what was done to somebody who turned out to be there to
// stay: nothing has changed, and whoever asked decides what follows.
func (b *Backend) reactivate(ctx context.Context, user protocol.Resource, was bool) error {
	if !was {
		return errUndeletable()
	}
	now, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: user.ID()})
	if err == nil {
		_, err = b.setActive(ctx, now, true)
	}
	if err != nil {
		return err
	}
	return errUndeletable()
}

// deleted looks once whether deleting deletes: there are service providers that
// keep who was deleted, inactive.
func (b *Backend) deleted(ctx context.Context, id string) error {
	if b.learnt.deletes.Load() {
		return nil
	}
	_, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: id})
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		b.learnt.deletes.Store(true)
		return nil
	case err != nil:
		return err
	}
	b.learnt.noDelete.Store(true)
	return errUndeletable()
}

// ApplyOrganization implements [directory.Backend]. The service provider is the
// organization, and there is nothing to create.
func (b *Backend) ApplyOrganization(ctx context.Context, _ directory.Organization) error {
	return ctx.Err()
}

// RemoveOrganization implements [directory.Backend]. It removes the users and
// groups that carry a key of the organization, and whoever has an admission and
// carries no key at all, unless it was somebody else who added them; users with
// another client's key stay, and are deactivated when it was us who let them in.
// KindExists when it cannot be told whether an active user is ours.
func (b *Backend) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	const op = "remove an organization"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	if err := b.removeUsers(ctx, v, id); err != nil {
		return inOp(op, err)
	}
	if v.features.Groups.Supported {
		if err := b.removeGroups(ctx, func(k groupKey) bool { return k.org == id }); err != nil {
			return inOp(op, err)
		}
	}
	b.names.forget(id)
	return inOp(op, b.admissions.Dismiss(ctx, id, ""))
}

// letGo removes the user, or takes back from another client's what we gave them.
func (b *Backend) letGo(ctx context.Context, v *view, s sight) error {
	switch {
	case s.doubtful():
		return errDoubtful()
	case s.stranger():
		return nil
	case !s.others():
		return b.removeUser(ctx, v, s.user)
	case !s.in() || !awaitingOf(s.admission).LetIn:
		return nil
	case !v.has("active"):
		return errUndisablable()
	}
	return b.deactivate(ctx, s.user)
}

// removeUser deletes the user, or lets them in no more where that is all that
// can be done.
func (b *Backend) removeUser(ctx context.Context, v *view, user protocol.Resource) error {
	if slices.Contains(b.removals(v), directory.RemovalDelete) {
		err := b.delete(ctx, v, user)
		if !directory.IsKind(err, directory.KindUnsupported) {
			return err
		}
		if user, err = b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: user.ID()}); err != nil {
			return err
		}
	}
	if !isActive(user) {
		return nil
	}
	if !v.has("active") {
		return errUndisablable()
	}
	return b.deactivate(ctx, user)
}
