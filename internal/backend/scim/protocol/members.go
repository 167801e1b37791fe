package protocol

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// MemberChange is a change of who belongs to a group. IDs are those of the
// members' resources.
type MemberChange struct {
	// Group is the id of the group.
	Group string
	// Add and Remove are done in chunks, removals first. Adding who is there and
	// removing who is not changes nothing.
	Add, Remove []string
}

const opMembers = "change members of group"

// ChangeMembers changes who belongs to a group, in chunks of
// [Features.MaxPatchMembers], and by PUT where there is no PATCH. KindNotFound
// when there is no such group; KindUnsupported when single members cannot be
// removed, or can be in a form only that has to be configured. An error leaves
// open how many chunks were done; repeating it is safe.
//
// Changes of one group are made one after the other, in the order in which they are
// asked for: those that are asked for while one is under way go together, and the
// error of one of them is nobody else's.
//
// Removals begin with [RemoveByPath]. When the service provider does not
// understand that form, [RemoveByValue] is tried under guard: the members are
// read before and after, and when everybody is gone, as with a service provider
// that ignores the value, the others are put back and the form is not used again.
func (c *Client) ChangeMembers(ctx context.Context, m MemberChange) error {
	_, f, err := c.typeOf(ctx, opMembers, Groups)
	if err != nil {
		return err
	}
	_, err = c.rosters.do(ctx, m.Group, 2, rosterJob{MemberChange: m, most: f.MaxPatchMembers})
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return interrupted(ctx, opMembers)
	}
	return err
}

// changeMembers is ChangeMembers without others.
func (c *Client) changeMembers(ctx context.Context, m MemberChange) error {
	_, f, err := c.typeOf(ctx, opMembers, Groups)
	if err != nil {
		return err
	}
	if !f.Patch || !c.learned.patches(Groups) {
		return c.putMembers(ctx, m)
	}
	if len(m.Add) > 0 && len(m.Remove) > 0 && len(m.Add)+len(m.Remove) <= f.MaxPatchMembers {
		err := c.patchMembers(ctx, m.Group, append(removal(f.RemoveMembers, m.Remove), addMembers(m.Add)...))
		if !isStatus(err, http.StatusBadRequest) {
			return c.withoutPatchPut(ctx, m, err)
		}
		// It may be the form of the removals, which is learned from when they go alone.
	}
	for chunk := range slices.Chunk(m.Remove, f.MaxPatchMembers) {
		if err := c.removeMembers(ctx, m.Group, chunk); err != nil {
			return c.withoutPatchPut(ctx, m, err)
		}
	}
	for chunk := range slices.Chunk(m.Add, f.MaxPatchMembers) {
		if err := c.patchMembers(ctx, m.Group, addMembers(chunk)); err != nil {
			return c.withoutPatchPut(ctx, m, err)
		}
	}
	return nil
}

// withoutPatchPut falls back to PUT when err shows that there is no PATCH.
func (c *Client) withoutPatchPut(ctx context.Context, m MemberChange, err error) error {
	if c.withoutPatch(ctx, Groups, err) {
		return c.putMembers(ctx, m)
	}
	return err
}

func (c *Client) putMembers(ctx context.Context, m MemberChange) error {
	operations := make([]Operation, 0, len(m.Remove)+1)
	for _, id := range m.Remove {
		operations = append(operations, Operation{Op: OpRemove, Path: MemberPath(id)})
	}
	if len(m.Add) > 0 {
		operations = append(operations, addMembers(m.Add)...)
	}
	if len(operations) == 0 {
		return nil
	}
	var there []string
	for attempt := range putAttempts {
		_, err := c.Update(ctx, PatchRequest{Kind: Groups, ID: m.Group, Operations: operations})
		if !directory.IsKind(err, directory.KindInvalid) {
			return err
		}
		// It may be about another member, who was deleted after the group was read:
		// then there are others in it by now.
		now, failed := c.membersOf(ctx, m.Group)
		if failed != nil || attempt > 0 && slices.Equal(there, now) {
			return err
		}
		there = now
	}
	return directory.Errorf(directory.KindConflict, opMembers, "the group was changed each time that it was read and written back")
}

// putAttempts is how often a list of members is read and written back that others
// change meanwhile.
const putAttempts = 10

// removeMembers removes a chunk in the form that is known to work.
func (c *Client) removeMembers(ctx context.Context, group string, ids []string) error {
	f, err := c.Features(ctx)
	if err != nil {
		return err
	}
	if f.RemoveMembers == RemoveByValue {
		return c.patchMembers(ctx, group, removeByValue(ids))
	}
	err = c.patchMembers(ctx, group, removeByPath(ids))
	switch scimType := strings.ToLower(ScimType(err)); {
	case err == nil:
		return nil
	case scimType == "notarget":
		return c.removeSingly(ctx, group, ids)
	case !isStatus(err, http.StatusBadRequest) || c.options.Overrides.RemoveMembers != "":
		return err
	case scimType == "invalidpath", scimType == "invalidsyntax", scimType == "invalidfilter":
		return c.removeGuarded(ctx, group, ids)
	}
	return err
}

// removeSingly is for a chunk with members that were not there: a PATCH is all
// or nothing, and some service providers refuse it then.
func (c *Client) removeSingly(ctx context.Context, group string, ids []string) error {
	for _, id := range ids {
		err := c.patchMembers(ctx, group, removeByPath([]string{id}))
		if err != nil && !strings.EqualFold(ScimType(err), "noTarget") {
			return err
		}
	}
	return nil
}

// removeGuarded tries to remove by value, and learns from what happens.
func (c *Client) removeGuarded(ctx context.Context, group string, ids []string) error {
	before, err := c.membersOf(ctx, group)
	if err != nil {
		return err
	}
	if len(before) == 0 {
		return directory.Errorf(directory.KindUnsupported, opMembers,
			"the service provider does not remove members by path and does not show members; configure in which form it removes them")
	}
	others := without(before, ids)
	if len(others) == len(before) {
		return nil // nobody to remove
	}
	if len(others) == 0 {
		// Nobody would show that everybody is removed, and that is what is wanted.
		return c.patchMembers(ctx, group, []Operation{{Op: OpRemove, Path: Path{attribute: "members"}}})
	}
	if err := c.patchMembers(ctx, group, removeByValue(ids)); err != nil {
		return err
	}
	after, err := c.membersOf(ctx, group)
	if err != nil {
		// Nobody knows whether they are still there; adding whoever is changes nothing.
		_ = c.restore(ctx, group, others)
		return err
	}
	if len(after) > 0 && len(without(after, ids)) == len(after) {
		c.learned.removesBy(RemoveByValue)
		return nil
	}
	return c.restore(ctx, group, without(others, after))
}

// restore puts members back whom nobody wanted to remove.
func (c *Client) restore(ctx context.Context, group string, ids []string) error {
	for chunk := range slices.Chunk(ids, patchMembersAssumed) {
		if err := c.patchMembers(ctx, group, addMembers(chunk)); err != nil {
			return err
		}
	}
	return directory.Errorf(directory.KindUnsupported, opMembers,
		"the service provider does not remove single members by PATCH; configure it to be used without PATCH")
}

// membersOf reads who belongs to the group; nobody when it does not show that.
func (c *Client) membersOf(ctx context.Context, group string) ([]string, error) {
	members := Path{attribute: "members"}
	read, err := c.Get(ctx, GetRequest{Kind: Groups, ID: group, Attributes: []Path{members}})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, v := range read.All(Path{attribute: "members", sub: "value"}) {
		if id, ok := v.Text(); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (c *Client) patchMembers(ctx context.Context, group string, operations []Operation) error {
	_, err := c.Patch(ctx, PatchRequest{Kind: Groups, ID: group, Operations: operations})
	return err
}

func addMembers(ids []string) []Operation {
	return []Operation{{Op: OpAdd, Path: Path{attribute: "members"}, Value: memberList(ids)}}
}

func removal(form RemoveForm, ids []string) []Operation {
	if form == RemoveByValue {
		return removeByValue(ids)
	}
	return removeByPath(ids)
}

func removeByValue(ids []string) []Operation {
	return []Operation{{Op: OpRemove, Path: Path{attribute: "members"}, Value: memberList(ids)}}
}

func removeByPath(ids []string) []Operation {
	operations := make([]Operation, len(ids))
	for i, id := range ids {
		operations[i] = Operation{Op: OpRemove, Path: MemberPath(id)}
	}
	return operations
}

func memberList(ids []string) Value {
	values := make([]Value, len(ids))
	for i, id := range ids {
		values[i] = Object(Field{Name: "value", Value: String(id)})
	}
	return List(values...)
}

// without returns those of all that are not among the others.
func without(all, others []string) []string {
	remove := make(map[string]bool, len(others))
	for _, id := range others {
		remove[id] = true
	}
	var left []string
	for _, id := range all {
		if !remove[id] {
			left = append(left, id)
		}
	}
	return left
}
