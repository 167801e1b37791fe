package scim

import (
	"context"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// subject is a user to whom something may be done, with what is known of the
// person. Whatever writes to a user asks for one, and there are three ways to one:
// [sight.subject], [sight.adoptee] and [sight.creation].
type subject struct {
	sight
}

// subject is for what is done to a member. KindExists for somebody who may have
// been added by others; KindConflict for somebody who was added by others to where
// we waited for a person, and is nobody's before they are adopted.
func (s sight) subject() (subject, error) {
	if s.strange() {
		return subject{}, directory.Errorf(directory.KindConflict, "",
			"somebody else has added a user with the address, who is not adopted yet")
	}
	return s.adoptee()
}

// adoptee is for ApplyMember, which adopts whoever has the address. KindExists as
// for [sight.subject].
func (s sight) adoptee() (subject, error) {
	if s.doubtful() {
		return subject{}, errDoubtful()
	}
	return subject{s}, nil
}

// creation is the user whom we have just created for the person.
func (s sight) creation(user protocol.Resource) subject {
	made := s
	made.user, made.created = user, true
	return subject{made}
}

// as is the same user, read anew or as they are after a change.
func (who subject) as(user protocol.Resource) subject {
	s := who.sight
	s.user = user
	return subject{s}
}

// update changes the user, and returns it as it is then. Service providers that
// understand no value filter in a path get whole lists.
func (b *Backend) update(ctx context.Context, who subject, operations []operation) (protocol.Resource, error) {
	user := who.user
	request := protocol.PatchRequest{Kind: protocol.Users, ID: user.ID(), Version: user.Version(), Result: true}
	request.Operations = b.operations(user, operations)
	b.arrivals.forget(user.ID())
	after, err := b.client.Update(ctx, request)
	if directory.IsKind(err, directory.KindInvalid) && filtered(request.Operations) {
		b.learnt.noValuePaths.Store(true)
		request.Operations = b.operations(user, operations)
		after, err = b.client.Update(ctx, request)
	}
	if err != nil {
		b.users.expire()
		return after, err
	}
	b.users.change(func(x *userIndex) { x.put(after) })
	return after, nil
}

// erase deletes the user. It succeeds when they are gone already.
func (b *Backend) erase(ctx context.Context, who subject) error {
	err := b.client.Delete(ctx, protocol.Users, who.user.ID(), "")
	switch {
	case directory.IsKind(err, directory.KindUnsupported):
		b.learnt.noDelete.Store(true)
		return err
	case err != nil && !directory.IsKind(err, directory.KindNotFound):
		return err
	}
	b.forgetUser(who.user.ID())
	return nil
}

// changeMembers adds the user to the group, or removes them, together with others
// of whom the same is asked meanwhile.
func (b *Backend) changeMembers(ctx context.Context, g group, who subject, add bool) error {
	user := who.user.ID()
	change := protocol.MemberChange{Group: g.id, Remove: []string{user}}
	if add {
		change.Add, change.Remove = change.Remove, nil
	}
	err := b.client.ChangeMembers(ctx, change)
	switch {
	case directory.IsKind(err, directory.KindNotFound):
		b.forgetGroup(g.id)
		if add {
			return err
		}
	case err != nil:
		return err
	}
	b.members.change(func(x *memberships) {
		if add {
			x.join(user, g.id)
			return
		}
		x.leave(user, g.id)
	})
	return nil
}
