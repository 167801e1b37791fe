package scim

import (
	"context"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// A group with some ten thousand members is larger than the answer that is read of
// a service provider ([protocol.Options.MaxBody]). It is read without its members
// wherever that is enough. Where users tell their groups nothing is missing then;
// where only groups tell, nobody's groups can be told until it is smaller.

// ownGroups are the ids of our groups, which are listed without their members.
func (b *Backend) ownGroups(ctx context.Context) ([]string, error) {
	var ids []string
	err := b.groups.recent(ctx, func(x *groupIndex) {
		ids = nil
		for id := range x.byID {
			ids = append(ids, id)
		}
	})
	slices.Sort(ids)
	return ids, err
}

// readMembers reads the members of each of the groups.
func (b *Backend) readMembers(ctx context.Context, x *memberships, groups []string) error {
	for _, id := range groups {
		r, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Groups, ID: id})
		switch {
		case protocol.IsTooLarge(err):
			x.dark[id] = true
			continue
		case directory.IsKind(err, directory.KindNotFound):
			continue
		case err != nil:
			return err
		}
		for _, user := range usersIn(r) {
			x.join(user, id)
		}
	}
	return nil
}

// probeUsers looks for anybody who tells a group, where the groups with members
// are too large to say who is in them.
func (b *Backend) probeUsers(ctx context.Context) error {
	page, err := b.client.List(ctx, protocol.ListRequest{Kind: protocol.Users})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(page.Resources, func(user protocol.Resource) bool { return len(groupsTold(user)) > 0 }) {
		b.learn(true)
	}
	return nil
}

func errDark(groups int) error {
	return directory.Errorf(directory.KindUnavailable, "",
		"users do not tell their groups, and %d groups have more members than can be read at once: who belongs to them cannot be told", groups)
}
