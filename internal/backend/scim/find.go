package scim

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// search is a way to look for a person.
type search struct {
	// creates is true when the service provider is about to be asked to create the
	// person, and refuses a userName that is taken: so it need not be asked for one.
	creates bool
	// keepsOut is true when that person would be kept out: whoever is there before
	// must not be taken for them afterwards, so all are asked for.
	keepsOut bool
	// known is true for somebody who was looked for before, and would have been
	// adopted by their e-mail address then.
	known bool
	// removes is true when the person is to be removed: then several listings may stand
	// for a complete one, as [Backend.absent] says.
	removes bool
	// swept is true when it is for whoever asks to judge the listings.
	swept bool
}

// way is a filter that may find a person.
type way struct {
	path  protocol.Path
	value string
	// enough is true when nobody needs to be looked for in a listing whom this
	// filter does not find.
	enough bool
}

// ways are the filters, the best first: our key, the userName, and the e-mail
// address, which finds whom somebody else has created with another userName.
func (b *Backend) ways(v *view, p person, how search) []way {
	var all []way
	if !b.learnt.noUserKey.Load() {
		all = append(all, way{path("externalId"), p.key(), how.creates})
	}
	all = append(all, way{path("userName"), p.address, true})
	if !v.has("emails.value") || how.creates && how.known {
		return all
	}
	all = append(all, way{path("emails.value"), p.address, false})
	if how.creates {
		last := len(all) - 1
		all[last-1], all[last] = all[last], all[last-1]
	}
	return all
}

// find returns the user who is the person, the zero Resource when there is none.
func (b *Backend) find(ctx context.Context, v *view, p person, how search) (protocol.Resource, error) {
	answered := false
	for _, w := range b.ways(v, p, how) {
		if answered && how.creates && !how.keepsOut && w.path.Attribute() == "userName" {
			continue
		}
		found, err := b.client.Find(ctx, protocol.FindRequest{Kind: protocol.Users, Attribute: w.path, Value: w.value})
		if err != nil {
			return protocol.Resource{}, err
		}
		user, err := p.pick(found.Resources)
		if err != nil || user.ID() != "" {
			return user, err
		}
		answered = answered || found.Trusted && w.enough
	}
	if answered {
		return protocol.Resource{}, nil
	}
	return b.findListed(ctx, p, how)
}

// pick returns the one of the users who is the person. Our key goes before the
// userName, and that before an e-mail address. KindExists when it cannot be
// told who of several is.
func (p person) pick(users []protocol.Resource) (protocol.Resource, error) {
	users = slices.DeleteFunc(slices.Clone(users), func(u protocol.Resource) bool { return !p.is(u) })
	for _, prefer := range []func(protocol.Resource) bool{
		func(u protocol.Resource) bool { return u.ExternalID() == p.key() },
		func(u protocol.Resource) bool {
			a, err := address.Canonical(text(u, "userName"))
			return err == nil && a == p.address
		},
	} {
		if preferred := slices.DeleteFunc(slices.Clone(users), func(u protocol.Resource) bool { return !prefer(u) }); len(preferred) > 0 {
			users = preferred
		}
	}
	switch len(users) {
	case 0:
		return protocol.Resource{}, nil
	case 1:
		return users[0], nil
	}
	return protocol.Resource{}, directory.Errorf(directory.KindExists, "",
		"the service provider has %d users who are this person by externalId or address: leave one of them there", len(users))
}

// userIndex is a listing of all users, by what they are found by where filters
// are ignored.
type userIndex struct {
	byKey map[string][]string
	// keys are what each user is filed under, by id.
	keys map[string][]string
	extent
}

func (x *userIndex) put(user protocol.Resource) {
	x.drop(user.ID())
	keys := []string{"externalId " + user.ExternalID()}
	for _, text := range []string{text(user, "userName"), emailOf(user)} {
		if a, err := address.Canonical(text); err == nil {
			keys = append(keys, "address "+a)
		}
	}
	slices.Sort(keys)
	x.keys[user.ID()] = slices.Compact(keys)
	for _, key := range x.keys[user.ID()] {
		x.byKey[key] = append(x.byKey[key], user.ID())
	}
}

func (x *userIndex) drop(id string) {
	for _, key := range x.keys[id] {
		x.byKey[key] = slices.DeleteFunc(x.byKey[key], func(other string) bool { return other == id })
	}
	delete(x.keys, id)
}

func (x *userIndex) ids(p person) []string {
	ids := slices.Concat(x.byKey["externalId "+p.key()], x.byKey["address "+p.address])
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (b *Backend) loadUsers(ctx context.Context) (*userIndex, error) {
	x := &userIndex{byKey: map[string][]string{}, keys: map[string][]string{}}
	request := protocol.ListRequest{Kind: protocol.Users, Attributes: []protocol.Path{path("externalId"), path("userName"), path("emails")}}
	var err error
	x.extent, err = b.all(ctx, request, func(user protocol.Resource) { x.put(user) })
	return x, err
}

// all reads a whole listing.
func (b *Backend) all(ctx context.Context, r protocol.ListRequest, each func(protocol.Resource)) (extent, error) {
	shown := map[string]bool{}
	for {
		page, err := b.client.List(ctx, r)
		if err != nil {
			return extent{}, err
		}
		for _, resource := range page.Resources {
			shown[resource.ID()] = true
			each(resource)
		}
		if page.Next == "" {
			if page.Complete {
				b.learnt.wholeOf(r.Kind).note(len(shown))
			}
			return extent{page.Complete, len(shown)}, nil
		}
		r.Cursor = page.Next
	}
}

// findListed finds the person by a listing of all, that many who ask at about the
// same time share: it is of the last half minute, and began after whatever this
// process has asked for and was not answered. That nobody is the person follows only
// from a complete one, but for creating somebody; and for removing somebody as
// [Backend.absent] says.
func (b *Backend) findListed(ctx context.Context, p person, how search) (protocol.Resource, error) {
	var ids []string
	var seen extent
	ask := func(x *userIndex) { ids, seen = x.ids(p), x.extent }
	if err := b.users.recent(ctx, ask); err != nil {
		return protocol.Resource{}, err
	}
	user, err := b.verify(ctx, p, ids)
	switch {
	case err != nil || user.ID() != "" || seen.complete || how.creates || how.swept:
		return user, err
	case how.removes:
		return protocol.Resource{}, b.absent(protocol.Users, p.key(), seen)
	}
	if err := b.users.fresh(ctx, ask); err != nil {
		return protocol.Resource{}, err
	}
	if user, err := b.verify(ctx, p, ids); err != nil || user.ID() != "" || seen.complete {
		return user, err
	}
	return protocol.Resource{}, directory.Errorf(directory.KindUnavailable, "",
		"the service provider filters no users, and its listing is not complete, so that nobody's absence can be told")
}

// verify reads users by id, and returns the one who is the person.
func (b *Backend) verify(ctx context.Context, p person, ids []string) (protocol.Resource, error) {
	var users []protocol.Resource
	for _, id := range ids {
		user, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: id})
		switch {
		case directory.IsKind(err, directory.KindNotFound):
			b.users.change(func(x *userIndex) { x.drop(id) })
		case err != nil:
			return protocol.Resource{}, err
		default:
			users = append(users, user)
		}
	}
	return p.pick(users)
}
