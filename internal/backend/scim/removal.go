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
	if err := b.removeMember(ctx, v, p, how); err != nil {
		return inOp(op, err)
	}
	b.absences.forget(p.key())
	return nil
}

func (b *Backend) removeMember(ctx context.Context, v *view, p person, how directory.Removal) error {
	switch how {
	case directory.RemovalDisable:
	case directory.RemovalDrop, directory.RemovalDelete:
		if !slices.Contains(b.removals(v), directory.RemovalDrop) {
			return errUndeletable()
		}
	default:
		return directory.Errorf(directory.KindInvalid, "", "removal %q is unknown", how)
	}
	s, err := b.lookFor(ctx, v, p, search{removes: true})
	if err != nil {
		return err
	}
	if s.nobodys() {
		// What ends is that we wait for them.
		return b.admissions.Dismiss(ctx, p.org, p.address)
	}
	who, err := s.subject()
	switch {
	case err != nil:
		return err
	case how == directory.RemovalDisable:
		return b.disable(ctx, v, who)
	default:
		return b.drop(ctx, v, who)
	}
}

// disable keeps the record, when there is one.
func (b *Backend) disable(ctx context.Context, v *view, who subject) error {
	if !who.exists() {
		return nil
	}
	if who.in() && !v.has("active") {
		return errUndisablable()
	}
	a := who.admission
	a.Organization, a.Address = who.org, who.address
	a.State, a.JoinedAt, a.Provisioned = directory.MemberDisabled, b.joinedAt(who.sight), false
	waits := awaitingOf(a)
	waits.Creating, waits.Made, waits.LetIn = false, "", false
	var err error
	if a.Awaiting, err = waits.text(); err != nil {
		return err
	}
	if who.in() {
		if err := b.deactivate(ctx, who); err != nil {
			return err
		}
	}
	return b.admit(ctx, a, who.admission)
}

// deactivate ends access. Some service providers delete whom one deactivates.
func (b *Backend) deactivate(ctx context.Context, who subject) error {
	_, err := b.setActive(ctx, who, false)
	if directory.IsKind(err, directory.KindNotFound) {
		b.forgetUser(who.user.ID())
		return nil
	}
	return err
}

func (b *Backend) drop(ctx context.Context, v *view, who subject) error {
	if who.there() {
		if err := b.delete(ctx, v, who); err != nil {
			return err
		}
	}
	if !who.admitted() {
		return nil
	}
	return b.admissions.Dismiss(ctx, who.org, who.address)
}

func errUndeletable() error {
	return directory.Errorf(directory.KindUnsupported, "", "the service provider deletes no users; they can be disabled")
}

func errUndisablable() error {
	return directory.Errorf(directory.KindUnsupported, "", "the service provider cannot disable users; they can be removed")
}

// delete ends access, and then the record.
func (b *Backend) delete(ctx context.Context, v *view, who subject) error {
	was := who.in() && v.has("active")
	if was {
		err := b.deactivate(ctx, who)
		switch {
		case directory.IsKind(err, directory.KindUnsupported):
			// Where access does not end before the record, it ends with it.
			was = false
		case err != nil:
			return err
		}
	}
	err := b.erase(ctx, who)
	switch {
	case directory.IsKind(err, directory.KindUnsupported):
		return b.reactivate(ctx, who, was)
	case err != nil:
		return err
	}
	return b.deleted(ctx, who.user.ID())
}

// reactivate takes back what was done to somebody who turned out to be there to
// stay: nothing has changed, and whoever asked decides what follows.
func (b *Backend) reactivate(ctx context.Context, who subject, was bool) error {
	if !was {
		return errUndeletable()
	}
	now, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: who.user.ID()})
	if err == nil {
		_, err = b.setActive(ctx, who.as(now), true)
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
// Of whom it is refused, they stay and keep nobody else: then everything else is
// removed, and the error tells how many stay, KindExists when it cannot be told
// whether an active user is ours.
func (b *Backend) RemoveOrganization(ctx context.Context, id directory.OrganizationID) error {
	const op = "remove an organization"
	v, err := b.view(ctx)
	if err != nil {
		return inOp(op, err)
	}
	users, err := b.removeUsers(ctx, v, id)
	if err != nil {
		return inOp(op, err)
	}
	if v.features.Groups.Supported {
		if err := b.removeGroups(ctx, groupKey{org: id}, func(k groupKey) bool { return k.org == id }); err != nil {
			return inOp(op, err)
		}
	}
	b.names.forget(id)
	if err := users.end(ctx); err != nil {
		return inOp(op, err)
	}
	b.absences.forget(usersOf(id))
	b.absences.forget(groupKey{org: id}.swept())
	return nil
}

// letGo removes the user, or takes back from another client's what we gave them,
// and reports whether there was anything to do.
func (b *Backend) letGo(ctx context.Context, v *view, s sight) (bool, error) {
	if s.strange() {
		return false, nil
	}
	who, err := s.subject()
	switch {
	case err != nil:
		return false, err
	case !who.others():
		return b.removeUser(ctx, v, who)
	case !awaitingOf(who.admission).LetIn:
		return false, nil
	}
	return b.shutOut(ctx, v, who)
}

// removeUser deletes the user, or lets them in no more where that is all that
// can be done, and reports whether there was anything to do.
func (b *Backend) removeUser(ctx context.Context, v *view, who subject) (bool, error) {
	if slices.Contains(b.removals(v), directory.RemovalDelete) {
		err := b.delete(ctx, v, who)
		if !directory.IsKind(err, directory.KindUnsupported) {
			return err == nil, err
		}
		user, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: who.user.ID()})
		if err != nil {
			return false, err
		}
		who = who.as(user)
	}
	return b.shutOut(ctx, v, who)
}

// shutOut deactivates the user, and reports whether they were in.
func (b *Backend) shutOut(ctx context.Context, v *view, who subject) (bool, error) {
	if !who.in() {
		return false, nil
	}
	if !v.has("active") {
		return false, errUndisablable()
	}
	return true, b.deactivate(ctx, who)
}
