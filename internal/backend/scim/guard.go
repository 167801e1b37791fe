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
	who subject
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
	if err := b.unmake(ctx, left.who); err != nil {
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
func (b *Backend) unmake(ctx context.Context, who subject) error {
	err := b.erase(ctx, who)
	if directory.IsKind(err, directory.KindUnsupported) {
		return directory.Errorf(directory.KindUnsupported, "",
			"the service provider neither disables nor deletes the user whom it has created; remove them there")
	}
	return err
}

// goneError is that a user was gone after they were deactivated, or by that.
type goneError struct{ err error }

func (e goneError) Error() string { return e.err.Error() }
func (e goneError) Unwrap() error { return e.err }

// stayed makes sure, of the first whom we have created and had to deactivate, that
// they are still there.
func (b *Backend) stayed(ctx context.Context, id string) error {
	if b.learnt.stays.Load() {
		return nil
	}
	_, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: id})
	if directory.IsKind(err, directory.KindNotFound) {
		return goneError{err}
	}
	if err == nil {
		b.learnt.stays.Store(true)
	}
	return err
}

// keptOutNow is what became of somebody who was half made, and is to be kept out,
// after they were changed.
func (b *Backend) keptOutNow(ctx context.Context, who subject, user protocol.Resource, err error) (protocol.Resource, error) {
	switch {
	case err == nil:
		err = b.stayed(ctx, who.user.ID())
	case directory.IsKind(err, directory.KindNotFound):
		err = goneError{err}
	case keptOut(user, course{}):
		return user, err
	}
	if err != nil {
		return protocol.Resource{}, b.leftIn(who, err)
	}
	return user, nil
}

// leftIn is the error about somebody whom we have created to be kept out, and who
// may not be. Whoever was gone when they were deactivated would be created and
// deleted again by every call: nobody is created to wait any more.
func (b *Backend) leftIn(who subject, err error) error {
	if _, gone := errors.AsType[goneError](err); gone {
		b.learnt.noWaiting.Store(true)
		b.forgetUser(who.user.ID())
		err = directory.Errorf(directory.KindUnsupported, "", "the service provider creates users active, and deletes whom one deactivates")
	}
	if _, stays := errors.AsType[staysInError](err); stays {
		// Not every user can be deactivated, but one whom we have just created.
		b.learnt.noActive.Store(true)
	}
	return leftInError{who, err}
}

// staysInError is that a user was active after they were deactivated.
type staysInError struct{ error }

func (e staysInError) Unwrap() error { return e.error }

// setActive lets the user in or out, and makes sure of it: whoever is believed
// to be out must not be able to sign in.
func (b *Backend) setActive(ctx context.Context, who subject, active bool) (protocol.Resource, error) {
	after, err := b.update(ctx, who, []operation{{field: field{path: path("active")}, set: protocol.Bool(active)}})
	if err == nil && isActive(after) != active {
		// Not every answer to a change is the user as they are then.
		after, err = b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: who.user.ID()})
	}
	switch {
	case !active && directory.IsKind(err, directory.KindNotFound):
		return protocol.Resource{}, goneError{err}
	case err != nil:
		return protocol.Resource{}, err
	case isActive(after) != active:
		if !active && !b.learnt.disables.Load() {
			b.learnt.noActive.Store(true)
		}
		return protocol.Resource{}, staysInError{
			directory.Errorf(directory.KindUnsupported, "", "the service provider does not keep whether a user is active"),
		}
	case !active:
		b.learnt.disables.Store(true)
	}
	return after, nil
}
