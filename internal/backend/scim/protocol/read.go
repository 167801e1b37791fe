package protocol

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// GetRequest asks for one resource.
type GetRequest struct {
	// Kind and ID name it.
	Kind ResourceKind
	ID   string
	// Attributes are the only ones asked for beside id; empty for all that are
	// returned by default.
	Attributes []Path
	// Excluded are attributes not to return; not together with Attributes.
	Excluded []Path
}

// Get reads one resource. KindNotFound when there is none.
func (c *Client) Get(ctx context.Context, r GetRequest) (Resource, error) {
	op := "read " + r.Kind.noun()
	t, _, err := c.typeOf(ctx, op, r.Kind)
	if err != nil {
		return Resource{}, err
	}
	id, err := escapeID(op, r.ID)
	if err != nil {
		return Resource{}, err
	}
	a, err := c.do(ctx, call{
		op: op, method: http.MethodGet, resource: r.Kind, path: t.Endpoint + "/" + id,
		query: projection(r.Attributes, r.Excluded),
	})
	if err != nil {
		return Resource{}, err
	}
	return c.readAnswer(op, r, a)
}

// readAnswer returns the resource of the answer, which must be the one asked for.
func (c *Client) readAnswer(op string, r GetRequest, a answer) (Resource, error) {
	read, err := decodeResource(op, r.Kind, a)
	if err != nil {
		return Resource{}, err
	}
	// Identifiers are case-exact, but a GUID may come back in another case.
	if !strings.EqualFold(read.id, r.ID) {
		return Resource{}, directory.Errorf(directory.KindUnavailable, op, "the service provider answered with another resource than the one asked for")
	}
	read.readAt = c.options.Clock.Now()
	read.whole = len(r.Attributes) == 0 && len(r.Excluded) == 0 && !a.listed
	return read, nil
}

// projection returns the parameters of RFC 7644 section 3.9; nil for none.
func projection(attributes, excluded []Path) url.Values {
	switch {
	case len(attributes) > 0:
		return url.Values{"attributes": {joinPaths(attributes)}}
	case len(excluded) > 0:
		return url.Values{"excludedAttributes": {joinPaths(excluded)}}
	}
	return nil
}

func joinPaths(paths []Path) string {
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = p.Unfiltered().String()
	}
	return strings.Join(names, ",")
}
