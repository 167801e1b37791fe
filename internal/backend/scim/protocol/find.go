package protocol

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// maxFindPages bounds how far matches are followed; more than a few are a
// service provider that does not filter.
const maxFindPages = 20

// FindRequest asks for the resources whose attribute equals a value.
type FindRequest struct {
	// Kind is what is looked for.
	Kind ResourceKind
	// Attribute is compared, such as userName, externalId or emails.value.
	Attribute Path
	// Value is what it shall be; not empty.
	Value string
	// Attributes are the only ones asked for beside id and Attribute; empty for
	// all that are returned by default.
	Attributes []Path
}

// Found is what was found.
type Found struct {
	// Resources match, by our own comparison: userName, emails and displayName
	// without regard to case, externalId and id exactly, others as the schema says.
	Resources []Resource
	// Trusted is true when the service provider has filtered: then Resources are
	// all that match. When it is false the service provider does not filter by
	// this attribute, and there may be more: only a listing tells.
	Trusted bool
}

// Find returns the resources whose attribute equals a value. When the service
// provider turns out not to filter by the attribute (it says so, or returns what
// does not match), [Found.Trusted] is false, and from then on no request is made
// for it until [Client.Forget].
func (c *Client) Find(ctx context.Context, r FindRequest) (Found, error) {
	op := "find " + r.Kind.noun()
	if r.Value == "" || r.Attribute.IsZero() || r.Attribute.Filtered() || !utf8.ValidString(r.Value) {
		return Found{}, directory.Errorf(directory.KindInvalid, op, "there is no attribute or no value to look for")
	}
	_, f, err := c.typeOf(ctx, op, r.Kind)
	if err != nil {
		return Found{}, err
	}
	if !f.Filter || !c.learned.filters(r.Kind, r.Attribute) {
		return Found{}, nil
	}
	found, err := c.search(ctx, r, f)
	switch {
	case directory.IsKind(err, directory.KindUnsupported), isStatus(err, http.StatusBadRequest):
		// The filter is well-formed, so whoever calls it bad does not know the
		// attribute, whatever scimType stands beside it.
		c.learned.ignoresFilter(r.Kind, r.Attribute)
		return Found{}, nil
	case err != nil:
		return Found{}, err
	}
	return found, nil
}

// search follows the pages of matches.
func (c *Client) search(ctx context.Context, r FindRequest, f Features) (Found, error) {
	request := ask{
		op:     "find " + r.Kind.noun(),
		filter: r.Attribute.String() + " eq " + quote(r.Value),
		brief:  true,
		ListRequest: ListRequest{
			Kind: r.Kind, Attributes: withAttribute(r.Attributes, r.Attribute),
		},
	}
	defer func() { c.abandon(request) }()
	exact := f.caseExact(r.Kind, r.Attribute)
	var found Found
	for range maxFindPages {
		page, err := c.list(ctx, request)
		if err != nil {
			return Found{}, err
		}
		request.Cursor = page.Next
		for _, candidate := range page.Resources {
			match, near := candidate.compare(r.Attribute, r.Value, exact)
			if match {
				found.Resources = append(found.Resources, candidate)
			} else if !near {
				c.learned.ignoresFilter(r.Kind, r.Attribute)
				return found, nil
			}
		}
		if page.Next == "" {
			found.Trusted = page.Complete
			return found, nil
		}
	}
	return found, nil
}

// abandon forgets a listing that is not followed to its end.
func (c *Client) abandon(r ask) {
	if at, err := parseCursor(r.Cursor, r); err == nil {
		c.sessions.end(at.Session)
	}
}

// withAttribute adds the attribute that is compared to those that are asked for.
func withAttribute(attributes []Path, compared Path) []Path {
	if len(attributes) == 0 || slices.ContainsFunc(attributes, func(p Path) bool { return p.String() == compared.String() }) {
		return attributes
	}
	return append(slices.Clone(attributes), compared)
}

// compare reports whether the attribute has the value, and whether it would (near)
// if case did not matter: a database that ignores case is no reason to distrust.
func (r Resource) compare(p Path, value string, exact bool) (bool, bool) {
	near := false
	for _, v := range r.All(p) {
		text, ok := v.Text()
		if !ok || !strings.EqualFold(text, value) {
			continue
		}
		near = true
		if !exact || text == value {
			return true, true
		}
	}
	return false, near
}
