package scim

import (
	"context"
	"errors"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// leftInError is why somebody whom we created may be able to sign in who is to be
// kept out. Their admission says so until they are kept out, or gone.
type leftInError struct {
	id  string
	err error
}

func (e leftInError) Error() string { return e.err.Error() }
func (e leftInError) Unwrap() error { return e.err }

// keptOut reports whether the user, as last seen, is out as far as they are to
// be.
func keptOut(user protocol.Resource, c course) bool {
	return c.active || user.ID() != "" && !isActive(user)
}

// followOut is follow, and removes whom we created when the service provider
// refuses to keep them out. Where it keeps out nobody, they wait outside of it.
func (b *Backend) followOut(ctx context.Context, v *view, s sight, m directory.Member) (sight, error) {
	after, err := b.follow(ctx, v, s, m)
	left, is := errors.AsType[leftInError](err)
	if !is || !refused(err) {
		return after, err
	}
	// Before they are gone: or the next process would learn it on somebody else.
	if err := b.remember(ctx); err != nil {
		return sight{}, err
	}
	if err := b.unmake(ctx, left.id); err != nil {
		return sight{}, err
	}
	if b.immediate(v) {
		return sight{}, left.err
	}
	if s, err = b.look(ctx, v, s.person); err != nil {
		return sight{}, err
	}
	if s.halfMade() {
		return sight{}, directory.Errorf(directory.KindUnavailable, "", "the service provider still shows a user whom it has deleted")
	}
	return b.follow(ctx, v, s, m)
}

// unmake deletes somebody whom we created.
func (b *Backend) unmake(ctx context.Context, id string) error {
	err := b.client.Delete(ctx, protocol.Users, id, "")
	switch {
	case directory.IsKind(err, directory.KindUnsupported):
		b.learnt.noDelete.Store(true)
		return directory.Errorf(directory.KindUnsupported, "",
			"the service provider neither disables nor deletes the user whom it has created; remove them there")
	case err != nil && !directory.IsKind(err, directory.KindNotFound):
		return err
	}
	b.forgetUser(id)
	return nil
}

// setActive lets the user in or out, and makes sure of it: whoever is believed
// to be out must not be able to sign in.
func (b *Backend) setActive(ctx context.Context, user protocol.Resource, active bool) (protocol.Resource, error) {
	after, err := b.update(ctx, user, []operation{{field: field{path: path("active")}, set: protocol.Bool(active)}})
	if err == nil && isActive(after) != active {
		// Not every answer to a change is the user as they are then.
		after, err = b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: user.ID()})
	}
	switch {
	case err != nil:
		return protocol.Resource{}, err
	case isActive(after) != active:
		if !active && !b.learnt.disables.Load() {
			b.learnt.noActive.Store(true)
		}
		return protocol.Resource{}, directory.Errorf(directory.KindUnsupported, "", "the service provider does not keep whether a user is active")
	case !active:
		b.learnt.disables.Store(true)
	}
	return after, nil
}
