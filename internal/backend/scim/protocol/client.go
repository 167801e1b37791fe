package protocol

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Client talks to one service provider. It is safe for use by many goroutines.
type Client struct {
	options     Options
	base        *url.URL
	http        *http.Client
	credentials credentials
	gate        *gate
	discovery   discovery
	learned     learned
	sessions    sessions
	// bulk and rosters gather changes that wait for the same: those of resources for
	// a request that may begin, and those of one group's members for the one before.
	bulk    gatherer[bulkJob, answer]
	rosters gatherer[rosterJob, struct{}]
}

// New returns a client; it does no I/O. KindInvalid says which option is wrong.
func New(o Options) (*Client, error) {
	c, err := build(o)
	if err != nil {
		return nil, directory.Errorf(directory.KindInvalid, "set up scim client", "%w", err)
	}
	return c, nil
}

func build(o Options) (*Client, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	base, err := parseBase("url", o.URL)
	if err != nil {
		return nil, err
	}
	client, err := newHTTPClient(o.TLS, base, o.MaxInFlight)
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, base: base, http: client, gate: newGate(o), discovery: newDiscovery()}
	c.bulk = gatherer[bulkJob, answer]{turn: c.bulkTurn, fits: c.fitsBulk, alone: c.doAlone, together: c.doTogether}
	c.rosters = gatherer[rosterJob, struct{}]{fits: fitsRoster, alone: c.changeAlone, together: c.changeTogether}
	c.credentials, err = o.Authorize.bind(binding{options: o, base: base, observe: c.observe})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close closes idle connections. The client must not be used afterwards.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.credentials.close()
}

// Forget forgets the features and all that was learned from answers: filters that
// are ignored, the form of removals, page sizes. The next call asks again.
func (c *Client) Forget() {
	c.discovery.forget()
	c.learned.forget()
}

// Check asks whether the service provider can be reached, accepts our
// credentials and speaks SCIM, by reading a page of one user. KindCredentials
// when it answers with something that is not SCIM, as Casdoor does to whoever
// has no credentials, with status 200.
func (c *Client) Check(ctx context.Context) error {
	const op = "check scim service provider"
	t, _, err := c.typeOf(ctx, op, Users)
	if err != nil {
		return err
	}
	a, err := c.do(ctx, call{
		op: op, method: http.MethodGet, resource: Users, path: t.Endpoint, collection: true,
		query: url.Values{"count": {"1"}},
	})
	if err != nil {
		return err
	}
	_, err = decodeListing(op, a)
	return err
}

// typeOf returns the resource type with all features; KindUnsupported when the
// service provider does not have it.
func (c *Client) typeOf(ctx context.Context, op string, kind ResourceKind) (ResourceType, Features, error) {
	f, err := c.Features(ctx)
	if err != nil {
		return ResourceType{}, Features{}, err
	}
	t := f.Type(kind)
	if !t.Supported {
		return ResourceType{}, Features{}, directory.Errorf(directory.KindUnsupported, op,
			"the service provider has no %s", strings.ToLower(string(kind)))
	}
	return t, f, nil
}

// observe tells the observer of an exchange.
func (c *Client) observe(q call, status string, begun time.Time) {
	if c.options.Observe != nil {
		c.options.Observe(Exchange{
			Method: q.method, Resource: q.resource, Status: status, Duration: c.options.Clock.Since(begun),
		})
	}
}
