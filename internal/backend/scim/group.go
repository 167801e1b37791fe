package scim

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// group is a group of ours.
type group struct {
	id, display string
	key         groupKey
}

// asGroup reads a group; false when it is not ours. One without an externalId is
// ours when its displayName is one of our keys: service providers that keep no
// externalId get it there.
func asGroup(r protocol.Resource) (group, bool) {
	display := text(r, "displayName")
	key, ours := parseGroupKey(cmp.Or(r.ExternalID(), display))
	return group{id: r.ID(), display: display, key: key}, ours
}

// groupIndex is what groups there are. Several have one key when an answer was
// lost and what was asked for came true late: then whoever is in any of them has
// what it stands for.
type groupIndex struct {
	byID map[string]group
	// strangers are ids of groups that are not ours.
	strangers map[string]bool
	extent
}

func (x *groupIndex) put(g group) {
	delete(x.strangers, g.id)
	x.byID[g.id] = g
}

func (x *groupIndex) drop(id string) { delete(x.byID, id) }

func (b *Backend) loadGroups(ctx context.Context) (*groupIndex, error) {
	x := &groupIndex{byID: map[string]group{}, strangers: map[string]bool{}}
	request := protocol.ListRequest{Kind: protocol.Groups, Attributes: []protocol.Path{path("externalId"), path("displayName")}}
	var err error
	x.extent, err = b.all(ctx, request, func(r protocol.Resource) {
		if g, ours := asGroup(r); ours {
			x.put(g)
			return
		}
		x.strangers[r.ID()] = true
	})
	return x, err
}

// groupsLike returns the groups of ours that match, in the order of their keys.
func (b *Backend) groupsLike(ctx context.Context, now bool, match func(groupKey) bool) ([]group, error) {
	var found []group
	look := func(x *groupIndex) {
		found = nil
		for _, g := range x.byID {
			if match(g.key) {
				found = append(found, g)
			}
		}
	}
	read := b.groups.recent
	if now {
		read = b.groups.fresh
	}
	if err := read(ctx, look); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.key.String(), b.key.String()), cmp.Compare(a.id, b.id))
	})
	return found, nil
}

// groupsWith returns the groups with the key; more than one is rare. When none
// is known it asks, so that none means that there is none.
func (b *Backend) groupsWith(ctx context.Context, key groupKey) ([]group, error) {
	is := func(k groupKey) bool { return k == key }
	found, err := b.groupsLike(ctx, false, is)
	if err != nil || len(found) > 0 {
		return found, err
	}
	attribute := "externalId"
	if b.learnt.noGroupKey.Load() {
		attribute = "displayName"
	}
	asked, err := b.client.Find(ctx, protocol.FindRequest{
		Kind: protocol.Groups, Attribute: path(attribute), Value: key.String(),
		Attributes: []protocol.Path{path("externalId"), path("displayName")},
	})
	if err != nil {
		return nil, err
	}
	for _, r := range asked.Resources {
		if g, ours := asGroup(r); ours && g.key == key {
			found = append(found, g)
			b.groups.change(func(x *groupIndex) { x.put(g) })
		}
	}
	if len(found) > 0 || asked.Trusted {
		return found, nil
	}
	return b.groupsLike(ctx, true, is)
}

// applyGroup makes a group with the key and the name.
func (b *Backend) applyGroup(ctx context.Context, key groupKey, display string) error {
	unlock, err := b.locks.lock(ctx, "group "+key.String())
	if err != nil {
		return err
	}
	defer unlock()
	found, err := b.readGroups(ctx, key)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err := b.createGroup(ctx, key, display)
		return err
	}
	for _, g := range found {
		if err := b.rename(ctx, g, display); err != nil {
			return err
		}
	}
	return nil
}

// readGroups returns the groups with the key as they are now.
func (b *Backend) readGroups(ctx context.Context, key groupKey) ([]group, error) {
	known, err := b.groupsWith(ctx, key)
	if err != nil {
		return nil, err
	}
	var found []group
	for _, g := range known {
		r, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Groups, ID: g.id, Excluded: []protocol.Path{path("members")}})
		now, ours := asGroup(r)
		switch {
		case directory.IsKind(err, directory.KindNotFound), err == nil && (!ours || now.key != key):
			b.forgetGroup(g.id)
		case err != nil:
			return nil, err
		default:
			b.groups.change(func(x *groupIndex) { x.put(now) })
			found = append(found, now)
		}
	}
	return found, nil
}

func (b *Backend) forgetGroup(id string) {
	b.groups.change(func(x *groupIndex) { x.drop(id) })
	b.members.change(func(x *memberships) { x.dropGroup(id) })
}

// groupNames are those that a group may have: the one that people gave, and one that tells it
// from another thing of that name, where names of groups are unique.
func (b *Backend) groupNames(key groupKey, display string) []string {
	if b.learnt.noGroupKey.Load() {
		return []string{key.String()}
	}
	of := "role " + key.role
	if key.role == "" {
		of = "unit " + key.unit
	} else if key.unit != "" {
		of += " in unit " + key.unit
	}
	return []string{display, fmt.Sprintf("%s [%s]", display, of)}
}

func (b *Backend) rename(ctx context.Context, g group, display string) error {
	names := b.groupNames(g.key, display)
	if slices.Contains(names, g.display) {
		return nil
	}
	var err error
	for _, name := range names {
		_, err = b.client.Update(ctx, protocol.PatchRequest{Kind: protocol.Groups, ID: g.id, Operations: []protocol.Operation{
			{Op: protocol.OpReplace, Path: path("displayName"), Value: protocol.String(name)},
		}})
		if err == nil {
			g.display = name
			b.groups.change(func(x *groupIndex) { x.put(g) })
		}
		if err = b.nameTaken(ctx, name, err); !directory.IsKind(err, directory.KindExists) {
			return err
		}
	}
	return err
}

// nameTaken makes sure of a refusal: without a reason it may be something in
// between that has said so, and nothing final follows.
func (b *Backend) nameTaken(ctx context.Context, name string, refusal error) error {
	if !directory.IsKind(refusal, directory.KindExists) || protocol.ScimType(refusal) != "" {
		return refusal
	}
	request := protocol.FindRequest{Kind: protocol.Groups, Attribute: path("displayName"), Value: name, Attributes: []protocol.Path{path("displayName")}}
	found, err := b.client.Find(ctx, request)
	switch {
	case err != nil:
		return err
	case len(found.Resources) > 0:
		return refusal
	}
	return directory.Errorf(directory.KindConflict, "", "%w", refusal)
}

// createGroup creates the group. One of that name that is not ours is left
// alone: then ours has another name.
func (b *Backend) createGroup(ctx context.Context, key groupKey, display string) (group, error) {
	var refused error
	for _, name := range b.groupNames(key, display) {
		d := protocol.NewDraft(protocol.Groups)
		for attribute, value := range map[string]string{"externalId": key.String(), "displayName": name} {
			if err := d.Set(path(attribute), protocol.String(value)); err != nil {
				return group{}, err
			}
		}
		r, err := b.client.Create(ctx, d)
		if err = b.nameTaken(ctx, name, err); directory.IsKind(err, directory.KindExists) {
			refused = err
			continue
		}
		if err != nil {
			return group{}, err
		}
		return b.created(ctx, r, key)
	}
	return group{}, refused
}

// created makes sure that the new group will be found again.
func (b *Backend) created(ctx context.Context, r protocol.Resource, key groupKey) (group, error) {
	g := group{id: r.ID(), display: text(r, "displayName"), key: key}
	if r.ExternalID() == "" && !b.learnt.noGroupKey.Load() {
		read, err := b.client.Get(ctx, protocol.GetRequest{Kind: protocol.Groups, ID: r.ID(), Excluded: []protocol.Path{path("members")}})
		if err != nil {
			return group{}, err
		}
		g.display = text(read, "displayName")
		if read.ExternalID() == "" {
			b.learnt.noGroupKey.Store(true)
			if err := b.rename(ctx, g, key.String()); err != nil {
				return group{}, err
			}
			g.display = key.String()
		}
	}
	b.groups.change(func(x *groupIndex) { x.put(g) })
	for _, of := range []groupKey{{org: key.org}, {org: key.org, role: key.role}, {org: key.org, unit: key.unit}} {
		b.absences.forget(of.swept())
	}
	return g, nil
}

// removeGroups removes the groups that match, all that are of one thing, those of
// grants first: what they hang on is found again when this breaks off.
func (b *Backend) removeGroups(ctx context.Context, all groupKey, match func(groupKey) bool) error {
	gone := map[string]bool{}
	return b.sweep(protocol.Groups, all.swept(), func() (swept, error) {
		found, err := b.groupsLike(ctx, true, match)
		if err != nil {
			return swept{}, err
		}
		found = slices.DeleteFunc(found, func(g group) bool { return gone[g.id] })
		for _, g := range found {
			gone[g.id] = true
		}
		got := swept{gone: len(found)}
		err = b.groups.recent(ctx, func(x *groupIndex) { got.extent = x.extent })
		if err != nil {
			return swept{}, err
		}
		return got, b.deleteGroups(ctx, found)
	})
}

func (b *Backend) deleteGroups(ctx context.Context, found []group) error {
	slices.SortStableFunc(found, func(x, y group) int { return cmp.Compare(rank(x.key), rank(y.key)) })
	for _, g := range found {
		err := b.client.Delete(ctx, protocol.Groups, g.id, "")
		if directory.IsKind(err, directory.KindUnsupported) {
			err = b.retire(ctx, g)
		}
		if err != nil && !directory.IsKind(err, directory.KindNotFound) {
			return err
		}
		b.forgetGroup(g.id)
	}
	return nil
}

// retire is for groups that cannot be deleted: nobody is left in it, and it is
// not ours any more.
func (b *Backend) retire(ctx context.Context, g group) error {
	operations := []protocol.Operation{
		{Op: protocol.OpRemove, Path: path("members")},
		{Op: protocol.OpReplace, Path: path("displayName"), Value: protocol.String(g.display + " (removed)")},
	}
	if !b.learnt.noGroupKey.Load() {
		operations = append(operations, protocol.Operation{
			Op: protocol.OpReplace, Path: path("externalId"), Value: protocol.String("removed/" + g.id),
		})
	}
	_, err := b.client.Update(ctx, protocol.PatchRequest{Kind: protocol.Groups, ID: g.id, Operations: operations})
	return err
}

func rank(k groupKey) int {
	if k.grant() {
		return 0
	}
	return 1
}
