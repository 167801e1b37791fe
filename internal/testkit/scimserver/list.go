package scimserver

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"

	"github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
	filter "github.com/scim2/filter-parser/v2"
)

// listing is what the answer to a listing says beyond what the library knows.
type listing struct {
	// byCursor answers with next instead of startIndex.
	byCursor bool
	next     string
	// filter is one that was understood without the library; nil for none.
	filter filter.Expression
}

type listingKey struct{}

func withListing(ctx context.Context, l *listing) context.Context {
	return context.WithValue(ctx, listingKey{}, l)
}

// GetAll implements [scim.ResourceHandler].
func (h handler) GetAll(r *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	h.server.mu.Lock()
	defer h.server.mu.Unlock()
	s := h.server.reading()
	found, err := h.find(r, s, params)
	if err != nil {
		return scim.Page{}, err
	}
	if !r.URL.Query().Has("count") {
		params.Count = h.quirks.defaultCount()
	}
	if h.quirks.ShortPages && params.Count > 1 {
		params.Count--
	}
	page, err := h.page(r, found, params)
	if err != nil {
		return scim.Page{}, err
	}
	out := scim.Page{TotalResults: h.quirks.total(len(found), len(page), params), Resources: []scim.Resource{}}
	for _, one := range page {
		out.Resources = append(out.Resources, h.resource(s, one, selectionOf(r), true))
	}
	return out, nil
}

// find returns all records that pass the filter, in the order of their creation.
func (h handler) find(r *http.Request, s *store, params scim.ListRequestParams) ([]*record, error) {
	e := filterOf(r, params)
	if e == nil {
		return h.table(s).inOrder, nil
	}
	if h.quirks.Filter == FilterRefused {
		return nil, errors.ScimErrorInvalidFilter
	}
	if err := h.quirks.permitted(e, h.kind); err != nil {
		return nil, err
	}
	return h.passing(s, e), nil
}

func filterOf(r *http.Request, params scim.ListRequestParams) filter.Expression {
	if l, ok := r.Context().Value(listingKey{}).(*listing); ok && l.filter != nil {
		return l.filter
	}
	if params.FilterValidator == nil {
		return nil
	}
	return params.FilterValidator.GetFilter()
}

func (h handler) passing(s *store, e filter.Expression) []*record {
	var found []*record
	for _, r := range h.table(s).candidates(e, h.kind) {
		if matches(h.filterable(s, r), e) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, byOrder)
	return found
}

func (h handler) page(r *http.Request, found []*record, params scim.ListRequestParams) ([]*record, error) {
	query := r.URL.Query()
	asked, indexed := query.Has("cursor"), query.Has("startIndex")
	switch style := h.quirks.Cursor; {
	case style == CursorOnly && params.StartIndex > 1:
		return nil, errors.ScimErrorBadParams([]string{"startIndex"})
	case style == CursorNone, style == CursorOffered && !asked, style == CursorDefault && !asked && indexed:
		return h.quirks.byIndex(found, params), nil
	}
	after, err := h.server.position(query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	first, _ := slices.BinarySearchFunc(found, after+1, func(r *record, order int) int { return r.order - order })
	page := cut(found, first, params.Count)
	if l, ok := r.Context().Value(listingKey{}).(*listing); ok {
		l.byCursor = true
		if first+len(page) < len(found) && len(page) > 0 {
			l.next = h.server.cursor(page[len(page)-1].order)
		}
	}
	return page, nil
}

func (q Quirks) byIndex(found []*record, params scim.ListRequestParams) []*record {
	first := params.StartIndex - 1
	if q.Endless || q.IgnoreStartIndex {
		first = 0
	}
	return cut(found, first, params.Count)
}

func cut(found []*record, first, count int) []*record {
	first = min(first, len(found))
	return found[first:min(first+count, len(found))]
}

func (q Quirks) total(all, onPage int, params scim.ListRequestParams) int {
	if q.Endless {
		return params.StartIndex + 2*onPage
	}
	switch q.Total {
	case TotalOfPage:
		return onPage
	case TotalTooFew:
		return max(all-1, 0)
	case TotalTooMany:
		return all + 1
	default:
		return all
	}
}

// cursor says where the next page begins: after the resource of that order.
func (s *Server) cursor(order int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", s.epoch, order))
}

// position reads a cursor. RFC 9865 section 2.1 names the two errors.
func (s *Server) position(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	epoch, order := 0, 0
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d %d", &epoch, &order)
	}
	if err != nil {
		return 0, errors.ScimError{Status: http.StatusBadRequest, ScimType: "invalidCursor", Detail: "The cursor is not one of ours."}
	}
	if epoch != s.epoch {
		return 0, errors.ScimError{Status: http.StatusBadRequest, ScimType: "expiredCursor", Detail: "The cursor has expired."}
	}
	return order, nil
}
