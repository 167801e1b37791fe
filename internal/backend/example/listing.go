package example

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/address"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

// cursorPrefix tells our cursors from any other text; the id follows that the
// page begins after.
const cursorPrefix = "after-"

// ListMembers implements [directory.Backend]. People are listed after an id, and
// ids only grow: nobody is missed who was there all the time, whoever comes and
// goes meanwhile. So a listing that comes to its end is complete.
func (b *Backend) ListMembers(ctx context.Context, org directory.OrganizationID, cursor string) (directory.MemberPage, error) {
	const op = "list members"
	after, ours := strings.CutPrefix(cursor, cursorPrefix)
	if cursor != "" && !ours {
		return directory.MemberPage{}, directory.Errorf(directory.KindInvalid, op, "the cursor is not one of ours")
	}
	var got page
	path := fmt.Sprintf("/people?after=%s&limit=%d", url.QueryEscape(after), b.pageSize)
	if err := b.call(ctx, exchange{op: op, method: http.MethodGet, path: path, answer: &got}); err != nil {
		return directory.MemberPage{}, err
	}
	listed := directory.MemberPage{Complete: !got.More}
	for _, p := range got.People {
		canonical, err := address.Canonical(p.Email)
		if err != nil {
			continue // A machine, which is nobody's member.
		}
		admission, err := b.admission(ctx, org, canonical)
		if err != nil {
			return directory.MemberPage{}, err
		}
		r := record{org: org, address: canonical, person: &p, admission: admission}
		listed.Members = append(listed.Members, r.observed())
	}
	if got.More {
		listed.Next = cursorPrefix + got.People[len(got.People)-1].ID
	}
	return listed, nil
}
