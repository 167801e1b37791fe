package protocol

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// ListRequest asks for a page of all resources of a kind.
type ListRequest struct {
	// Kind is what is listed.
	Kind ResourceKind
	// Cursor is [Page.Next] of the page before; empty for the first one. It goes
	// with the same Kind, Attributes and Excluded only.
	Cursor string
	// PageSize is how many are asked for; 0 for [Features.PageSize], which it
	// never exceeds. Only the first page's counts.
	PageSize int
	// Attributes are the only ones asked for beside id; empty for all that are
	// returned by default.
	Attributes []Path
	// Excluded are attributes not to return, such as a group's members; not
	// together with Attributes.
	Excluded []Path
}

// Page is part of a listing.
type Page struct {
	// Resources of the page that no page before had.
	Resources []Resource
	// Next is the cursor of the page that follows; empty on the last one. It is
	// printable and can be kept as a string, and the same page can be asked for
	// again; but a listing that is continued by another [Client] is not complete.
	Next string
	// Complete is meaningful on the last page: true when nobody was left out.
	// Nobody's absence may be concluded from a listing that is not complete.
	Complete bool
	// Doubt says in a few words why the listing is not complete; empty while
	// there is no reason.
	Doubt string
	// Total is totalResults of this page as the service provider told it, which
	// may be wrong; -1 when it told none.
	Total int
}

// ask is a [ListRequest] with what only Find needs.
type ask struct {
	ListRequest

	op     string
	filter string
	// brief ends after a page that is not full and says that it is all, without
	// asking whether more follow.
	brief bool
}

// List reads a page. It ends with [Page.Next] empty. KindConflict when the
// cursor has expired: start anew. KindInvalid when the cursor is not one of
// ours or belongs to another request.
//
// A listing by index (RFC 7644 section 3.4.2.4) has no snapshot, totalResults is
// often wrong, and the order may change; so it asks for the next page until one
// brings nothing new, and begins each page with the last resource of the page
// before, whose absence there shows that something has moved. It is
// [Page.Complete] only when all of this holds:
//   - every page came from this client, in turn, from the first one on;
//   - the last page brought nothing new, and no resource came twice or without an id;
//   - every page but the first began with the last resource of the page before;
//   - totalResults was told, stayed the same (when there is one page of
//     resources it may be smaller on the empty one), and is how many came.
//
// A listing by cursor (RFC 9865) is complete when the last page has no
// nextCursor, no resource came twice or without an id, and totalResults, where
// it is told, stayed the same and is how many came.
//
// Somebody who is added while a listing is under way may be missing from a
// complete one; somebody who was there all the time is not.
func (c *Client) List(ctx context.Context, r ListRequest) (Page, error) {
	return c.list(ctx, ask{ListRequest: r, op: "list " + strings.ToLower(string(r.Kind))})
}

func (c *Client) list(ctx context.Context, r ask) (Page, error) {
	t, f, err := c.typeOf(ctx, r.op, r.Kind)
	if err != nil {
		return Page{}, err
	}
	at, err := c.position(r, f)
	if err != nil {
		return Page{}, err
	}
	for {
		got, err := c.fetch(ctx, r, t, &at)
		if err != nil {
			return Page{}, err
		}
		page, again := c.advance(r, &at, got)
		if !again {
			return page, nil
		}
		// Nothing new by beginning with the last resource, but more is promised:
		// without it, as some serve one resource a page.
		at.Plain = true
	}
}

// position returns where the listing stands.
func (c *Client) position(r ask, f Features) (cursor, error) {
	if r.Cursor != "" {
		return parseCursor(r.Cursor, r)
	}
	size := f.PageSize
	if r.PageSize > 0 {
		size = min(r.PageSize, size)
	}
	at := cursor{Fingerprint: fingerprint(r), Total: -1}
	at.Count = c.learned.page(at.Fingerprint, size)
	if f.Cursor {
		at.Mode = byCursor
	}
	return at, nil
}

// fetch asks for the page at the position, and for a smaller one as long as it
// is too large. In the midst of a listing by cursor the size cannot change (RFC
// 9865 section 2.1, invalidCount); that listing has to start anew.
func (c *Client) fetch(ctx context.Context, r ask, t ResourceType, at *cursor) (listing, error) {
	asked := at.Count
	for {
		a, err := c.do(ctx, call{
			op: r.op, method: http.MethodGet, resource: r.Kind, path: t.Endpoint, collection: true, query: at.query(r),
		})
		if err == nil {
			if at.Count < asked {
				c.learned.smallerPage(at.Fingerprint, at.Count)
			}
			return decodeListing(r.op, a)
		}
		first := at.Token == ""
		tooMany := errors.Is(err, errTooLarge) || first && strings.EqualFold(ScimType(err), "invalidCount")
		if !tooMany || at.Count <= 1 {
			return listing{}, err
		}
		at.Count /= 2
		if !first {
			c.learned.smallerPage(at.Fingerprint, at.Count)
			return listing{}, directory.Errorf(directory.KindConflict, r.op, "a page is larger than allowed; the listing starts anew with smaller ones")
		}
	}
}

// query returns the parameters of the page at the position.
func (at *cursor) query(r ask) url.Values {
	q := projection(r.Attributes, r.Excluded)
	if q == nil {
		q = url.Values{}
	}
	if r.filter != "" {
		q.Set("filter", r.filter)
	}
	q.Set("count", strconv.Itoa(at.Count))
	if at.Mode == byCursor {
		q.Set("cursor", at.Token)
		return q
	}
	q.Set("startIndex", strconv.Itoa(at.startIndex()))
	return q
}
