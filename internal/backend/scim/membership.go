package scim

import (
	"context"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// What is known about whether users tell their groups.
const (
	tellsUnknown = iota
	tellsAll
	tellsNot
)

// memberships are who belongs to which group, as the groups tell.
type memberships struct {
	// groups are the ids of a user's groups.
	groups map[string]map[string]bool
	// dark are the ids of groups of ours whose members are more than can be read.
	dark map[string]bool
}

func (x *memberships) join(user, group string) {
	if x.groups[user] == nil {
		x.groups[user] = map[string]bool{}
	}
	x.groups[user][group] = true
}

func (x *memberships) leave(user, group string) { delete(x.groups[user], group) }
func (x *memberships) dropUser(user string)     { delete(x.groups, user) }

func (x *memberships) dropGroup(group string) {
	delete(x.dark, group)
	for _, groups := range x.groups {
		delete(groups, group)
	}
}

// loadMembers reads all groups with their members. There are service providers
// that list groups without, and tell them of one group at a time.
func (b *Backend) loadMembers(ctx context.Context) (*memberships, error) {
	x := &memberships{groups: map[string]map[string]bool{}, dark: map[string]bool{}}
	var bare []string
	listed := false
	request := protocol.ListRequest{Kind: protocol.Groups}
	_, err := b.all(ctx, request, func(r protocol.Resource) {
		ids := usersIn(r)
		for _, id := range ids {
			x.join(id, r.ID())
		}
		listed = listed || len(ids) > 0
		if _, ours := asGroup(r); ours && len(ids) == 0 {
			bare = append(bare, r.ID())
		}
	})
	switch {
	case protocol.IsTooLarge(err):
		// One of them is too large for any page: those of ours by themselves.
		if bare, err = b.ownGroups(ctx); err != nil {
			return nil, err
		}
	case err != nil || listed:
		return x, err
	}
	return x, b.readMembers(ctx, x, bare)
}

// usersIn returns the ids of a group's members who are no groups.
func usersIn(r protocol.Resource) []string {
	var ids []string
	for _, member := range r.Value().Get("members").Elements() {
		id, _ := member.Get("value").Text()
		kind, _ := member.Get("type").Text()
		if id != "" && !strings.EqualFold(kind, "Group") {
			ids = append(ids, id)
		}
	}
	return ids
}

// groupsTold returns the ids of the groups that a user tells, but for those that
// they belong to by way of another group.
func groupsTold(user protocol.Resource) []string {
	var ids []string
	for _, g := range user.Value().Get("groups").Elements() {
		id, _ := g.Get("value").Text()
		kind, _ := g.Get("type").Text()
		if id != "" && !strings.EqualFold(kind, "indirect") {
			ids = append(ids, id)
		}
	}
	return ids
}

// groupsOf returns the groups of ours in the organization that the user belongs
// to.
func (b *Backend) groupsOf(ctx context.Context, v *view, s sight) ([]group, error) {
	known, err := b.groupsLike(ctx, false, func(k groupKey) bool { return k.org == s.org })
	if err != nil || len(known) == 0 {
		return nil, err
	}
	ids, err := b.groupIDs(ctx, v, s.user)
	if err != nil {
		return nil, err
	}
	return b.ours(ctx, s.org, ids)
}

// ours returns those of the groups that are ours. One that is not known may be
// new.
func (b *Backend) ours(ctx context.Context, org directory.OrganizationID, ids []string) ([]group, error) {
	var found []group
	var strange []string
	look := func(x *groupIndex) {
		found, strange = nil, nil
		for _, id := range ids {
			g, known := x.byID[id]
			switch {
			case known && g.key.org == org:
				found = append(found, g)
			case !known && !x.strangers[id]:
				strange = append(strange, id)
			}
		}
	}
	if err := b.groups.recent(ctx, look); err != nil || len(strange) == 0 {
		return found, err
	}
	if err := b.groups.fresh(ctx, look); err != nil {
		return nil, err
	}
	b.groups.change(func(x *groupIndex) {
		for _, id := range strange {
			x.strangers[id] = true
		}
	})
	return found, nil
}

// groupIDs returns the ids of the groups that the user belongs to: as the user
// tells, when that has proved true, else as the groups do.
func (b *Backend) groupIDs(ctx context.Context, v *view, user protocol.Resource) ([]string, error) {
	told := groupsTold(user)
	if _, known := v.features.Attribute(protocol.Users, path("groups")); known == protocol.Undefined {
		return b.belongs(ctx, user.ID())
	}
	switch b.learnt.tells.Load() {
	case tellsAll:
		return told, nil
	case tellsNot:
		return b.belongs(ctx, user.ID())
	}
	if len(told) > 0 {
		if err := b.crossCheck(ctx, user, told[0]); err != nil {
			return nil, err
		}
		return b.groupIDs(ctx, v, user)
	}
	if err := b.probe(ctx); err != nil {
		return nil, err
	}
	if b.learnt.tells.Load() == tellsAll {
		return told, nil
	}
	return b.belongs(ctx, user.ID())
}

func (b *Backend) belongs(ctx context.Context, user string) ([]string, error) {
	var ids []string
	dark := 0
	err := b.members.recent(ctx, func(x *memberships) {
		ids, dark = nil, len(x.dark)
		for id := range x.groups[user] {
			ids = append(ids, id)
		}
	})
	if err == nil && dark > 0 {
		err = errDark(dark)
	}
	slices.Sort(ids)
	return ids, err
}

// crossCheck asks a group whether it has the user who tells so. A group that
// shows nobody says nothing, and then there are only the users to believe.
func (b *Backend) crossCheck(ctx context.Context, user protocol.Resource, group string) error {
	r, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Groups, ID: group})
	if protocol.IsTooLarge(err) {
		b.learn(true)
		return nil
	}
	if err != nil && !directory.IsKind(err, directory.KindNotFound) {
		return err
	}
	ids := usersIn(r)
	b.learn(err == nil && (len(ids) == 0 || slices.Contains(ids, user.ID())))
	return nil
}

// probe asks somebody who is in a group whether they tell so. Nothing is learnt
// while nobody is in any.
func (b *Backend) probe(ctx context.Context) error {
	var user, group string
	dark := 0
	err := b.members.recent(ctx, func(x *memberships) {
		dark = len(x.dark)
		for id, groups := range x.groups {
			for g := range groups {
				if user == "" || id < user {
					user, group = id, g
				}
			}
		}
	})
	if err == nil && user == "" && dark > 0 {
		return b.probeUsers(ctx)
	}
	if err != nil || user == "" {
		return err
	}
	r, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: user})
	if directory.IsKind(err, directory.KindNotFound) {
		b.forgetUser(user)
		return nil
	}
	if err == nil {
		b.learn(slices.Contains(groupsTold(r), group))
	}
	return err
}

func (b *Backend) learn(tells bool) {
	what := int32(tellsNot)
	if tells {
		what = tellsAll
	}
	b.learnt.tells.Store(what)
}
