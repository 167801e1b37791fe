package scimserver

import (
	"slices"
	"strings"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
)

// memberPlan is what a request wants of a group's members. It is made first and
// carried out when the whole request is known to be good.
type memberPlan struct {
	store *store
	group string
	style RemoveStyle
	// whole means that added is all there shall be.
	whole   bool
	added   []string
	removed map[string]struct{}
}

func newMemberPlan(s *store, group string, style RemoveStyle) *memberPlan {
	return &memberPlan{store: s, group: group, style: style, removed: map[string]struct{}{}}
}

// take takes what an operation says of members, and returns what else it says,
// if anything.
func (p *memberPlan) take(op scim.PatchOperation) (*scim.PatchOperation, error) {
	if op.Path != nil {
		if !strings.EqualFold(op.Path.AttributePath.AttributeName, "members") {
			return &op, nil
		}
		return nil, p.takeMembers(op)
	}
	values, ok := op.Value.(map[string]any)
	if !ok {
		return nil, errors.ScimErrorInvalidValue
	}
	rest := map[string]any{}
	for name, value := range values {
		if !strings.EqualFold(name, "members") {
			rest[name] = value
			continue
		}
		if err := p.set(value, op.Op == scim.PatchOperationReplace); err != nil {
			return nil, err
		}
	}
	return &scim.PatchOperation{Op: op.Op, Value: rest}, nil
}

func (p *memberPlan) takeMembers(op scim.PatchOperation) error {
	switch {
	case op.Op != scim.PatchOperationRemove && op.Path.ValueExpression == nil:
		return p.set(op.Value, op.Op == scim.PatchOperationReplace)
	case op.Op != scim.PatchOperationRemove:
		// Sub-attributes of a member are immutable (RFC 7643 section 8.7.1).
		return errors.ScimErrorMutability
	case op.Path.ValueExpression != nil:
		p.remove(p.picked(op))
	case p.style != RemoveByFilter && op.Value != nil:
		ids, err := memberIDs(op.Value)
		if err != nil {
			return err
		}
		p.remove(ids)
	default:
		p.whole, p.added = true, nil
	}
	return nil
}

func (p *memberPlan) set(value any, whole bool) error {
	ids, err := memberIDs(value)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(ids, func(id string) bool { return !p.store.exists(id) }); i >= 0 {
		return errors.ScimError{
			ScimType: errors.ScimTypeInvalidValue, Status: 400, Detail: "There is no resource " + ids[i] + ".",
		}
	}
	if whole {
		p.whole, p.added = true, nil
	}
	for _, id := range ids {
		delete(p.removed, id)
	}
	p.added = append(p.added, ids...)
	return nil
}

func (p *memberPlan) remove(ids []string) {
	for _, id := range ids {
		p.removed[id] = struct{}{}
	}
	p.added = slices.DeleteFunc(p.added, func(id string) bool { return slices.Contains(ids, id) })
}

func (p *memberPlan) picked(op scim.PatchOperation) []string {
	var ids []string
	for _, id := range slices.Concat(p.store.membersOf(p.group), p.added) {
		if matches(map[string]any{"value": id, "type": p.store.typeOf(id)}, op.Path.ValueExpression) {
			ids = append(ids, id)
		}
	}
	return ids
}

// carryOut says whether anything changed.
func (p *memberPlan) carryOut() bool {
	if p.whole {
		return p.store.setMembers(p.group, p.added)
	}
	changed := false
	for id := range p.removed {
		changed = p.store.leave(p.group, id) || changed
	}
	for _, id := range p.added {
		changed = p.store.join(p.group, id) || changed
	}
	return changed
}

func (s *store) typeOf(id string) string {
	if s.groups.byID[id] != nil {
		return string(kindGroup)
	}
	return string(kindUser)
}

// memberIDs are the ids in a list of members.
func memberIDs(value any) ([]string, error) {
	var ids []string
	for _, element := range elements(value) {
		m, ok := element.(map[string]any)
		if !ok {
			return nil, errors.ScimErrorInvalidValue
		}
		id, ok := field(m, "value").(string)
		if !ok || id == "" {
			return nil, errors.ScimErrorInvalidValue
		}
		ids = append(ids, id)
	}
	return ids, nil
}
