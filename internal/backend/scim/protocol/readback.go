package protocol

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// readTogether is how many resources are read with one filter, and readLength
	// how long that filter may be before it is escaped: a URL of 8 KiB passes nearly
	// everywhere (RFC 9110 section 4.1).
	readTogether = 50
	readLength   = 3 << 10
)

// readBack fills in the resources as they are after changes that were sent in
// bulk, by the places of the changes, where that was wanted and not told: RFC 7644
// section 3.7.3 lets the answer leave them out. They are read with one filter.
// Nothing is concluded from who is not found: they are read alone, by the caller.
// Where filters do not do it, changes whose result is wanted are not sent in bulk
// for a while, because alone they tell it.
func (c *Client) readBack(ctx context.Context, jobs []bulkJob, unread map[int]answer) {
	wanted := map[ResourceKind]map[string]int{}
	for i, a := range unread {
		j := jobs[i]
		id := cmp.Or(j.id, locatedID(a.header.Get("Location"), j.endpoint()))
		if wanted[j.resource] == nil {
			wanted[j.resource] = map[string]int{}
		}
		if id != "" {
			wanted[j.resource][id] = i
		}
	}
	for kind, places := range wanted {
		for _, ids := range idChunks(places) {
			for id, v := range c.readByID(ctx, kind, ids) {
				read := unread[places[id]]
				read.body, _ = v.MarshalJSON()
				read.listed = true
				unread[places[id]] = read
			}
		}
	}
}

// idChunks are the ids in parts that fit into one filter each.
func idChunks(places map[string]int) [][]string {
	var chunks [][]string
	var chunk []string
	length := 0
	for _, id := range slices.Sorted(maps.Keys(places)) {
		length += len(byID(id)) + len(" or ")
		if len(chunk) == readTogether || len(chunk) > 0 && length > readLength {
			chunks, chunk, length = append(chunks, chunk), nil, len(byID(id))
		}
		chunk = append(chunk, id)
	}
	if len(chunk) > 0 {
		chunks = append(chunks, chunk)
	}
	return chunks
}

func byID(id string) string { return "id eq " + quote(id) }

// readByID returns those of the resources that one request finds.
func (c *Client) readByID(ctx context.Context, kind ResourceKind, ids []string) map[string]Value {
	op := "read " + kind.noun()
	t, f, err := c.typeOf(ctx, op, kind)
	if err != nil {
		return nil
	}
	if !f.Filter || !c.learned.filters(kind, Path{attribute: "id"}) {
		c.learned.bulkTellsNothing(c.options.Clock.Now().Add(c.options.FeaturesAge))
		return nil
	}
	filters := make([]string, len(ids))
	for i, id := range ids {
		filters[i] = byID(id)
	}
	a, err := c.do(ctx, call{
		op: op, method: http.MethodGet, resource: kind, path: t.Endpoint, collection: true,
		query: url.Values{"filter": {strings.Join(filters, " or ")}, "count": {strconv.Itoa(len(ids))}},
	})
	var got listing
	if err == nil {
		got, err = decodeListing(op, a)
	}
	if isStatus(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented, http.StatusRequestURITooLong) {
		c.doNotReadByID(kind)
	}
	if err != nil {
		return nil
	}
	return c.matching(kind, ids, got.values)
}

// matching returns those of the values that were asked for. Whoever answers with
// others does not filter so. Whoever answers with nobody of several or the first
// only may not either, or some of them were removed meanwhile, or are not shown yet:
// that is believed when it is so several times in a row.
func (c *Client) matching(kind ResourceKind, ids []string, values []Value) map[string]Value {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	found := map[string]Value{}
	for _, v := range values {
		id, _ := v.Get("id").Text()
		if !wanted[id] {
			c.doNotReadByID(kind)
			continue
		}
		found[id] = v
	}
	if len(ids) > 1 && c.learned.readsTogether(len(found) > 1) {
		c.learned.bulkTellsNothing(c.options.Clock.Now().Add(c.options.FeaturesAge))
	}
	return found
}

func (c *Client) doNotReadByID(kind ResourceKind) {
	c.learned.ignoresFilter(kind, Path{attribute: "id"})
	c.learned.bulkTellsNothing(c.options.Clock.Now().Add(c.options.FeaturesAge))
}
