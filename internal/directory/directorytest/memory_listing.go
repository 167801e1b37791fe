package directorytest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// These tell our cursors from any other text, and say whether an empty page is
// next.
const (
	cursorPrefix      = "after:"
	emptyCursorPrefix = "empty:"
)

// ListMembers implements [directory.Backend].
func (m *Memory) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	var page directory.MemberPage
	err := m.call(ctx, call{MethodListMembers, org, ""}, func() error {
		t, err := m.tenantFor("list members", org, true)
		if err != nil {
			return err
		}
		page, err = m.page(t, org, cursor)
		return err
	})
	if err != nil {
		return directory.MemberPage{}, err
	}
	return page, nil
}

// page is what a cursor stands for.
func (m *Memory) page(t *tenant, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	const op = "list members"
	if cursor == "" {
		return t.page(m, org, ""), nil
	}
	rest, ours := strings.CutPrefix(cursor, cursorPrefix)
	empty := false
	if !ours {
		rest, empty = strings.CutPrefix(cursor, emptyCursorPrefix)
	}
	generation, after, whole := strings.Cut(rest, ":")
	number, err := strconv.Atoi(generation)
	switch {
	case !ours && !empty, !whole, err != nil:
		return directory.MemberPage{}, directory.Errorf(directory.KindInvalid, op, "the cursor is not one of ours")
	case number != m.generation:
		return directory.MemberPage{}, directory.Errorf(directory.KindConflict, op, "the cursor is too old")
	case empty:
		return directory.MemberPage{Next: cursorPrefix + rest}, nil
	}
	return t.page(m, org, after), nil
}

func (t *tenant) page(m *Memory, org directory.OrganizationID, after string) directory.MemberPage {
	var page directory.MemberPage
	size, prefix := m.capabilities.PageSize, cursorPrefix
	if m.emptyPages {
		prefix = emptyCursorPrefix
	}
	for _, address := range slices.Sorted(maps.Keys(t.members)) {
		if address <= after || t.omitted[address] {
			continue
		}
		if len(page.Members) == size {
			page.Next = fmt.Sprintf("%s%d:%s", prefix, m.generation, page.Members[size-1].Address)
			return page
		}
		o := own(t.members[address])
		o.Organization = org
		page.Members = append(page.Members, o)
	}
	page.Complete = len(t.omitted) == 0
	return page
}
