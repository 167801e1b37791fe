package protocol

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// discovery keeps what was discovered.
type discovery struct {
	turn chan struct{} // held by the one that asks

	mu       sync.Mutex
	features *Features
	until    time.Time
	// good are the documents that were right when they were last read so.
	good map[string]Value
}

func newDiscovery() discovery { return discovery{turn: make(chan struct{}, 1)} }

func (d *discovery) known(now time.Time) (Features, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.features == nil || !now.Before(d.until) {
		return Features{}, false
	}
	return *d.features, true
}

func (d *discovery) keep(f Features, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.features, d.until = &f, until
}

func (d *discovery) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.features, d.good = nil, nil
}

// former returns the document as it was when it was right.
func (d *discovery) former(path string) (Value, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, is := d.good[path]
	return v, is
}

func (d *discovery) remember(path string, v Value) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.good == nil {
		d.good = map[string]Value{}
	}
	d.good[path] = v
}

// Features returns what the service provider can do, asking it when that is not
// known or too old. Documents that are missing or wrong are replaced by those of
// before, until [Client.Forget], or else by assumptions; only a service provider that cannot be asked at all
// (KindUnavailable, KindRateLimited, KindCredentials) is an error. The result
// shares memory with those of other calls and is not to be changed.
func (c *Client) Features(ctx context.Context) (Features, error) {
	if f, ok := c.discovery.known(c.options.Clock.Now()); ok {
		return c.learned.applyTo(f), nil
	}
	select {
	case c.discovery.turn <- struct{}{}:
	case <-ctx.Done():
		return Features{}, interrupted(ctx, opDiscover)
	}
	defer func() { <-c.discovery.turn }()
	if f, ok := c.discovery.known(c.options.Clock.Now()); ok {
		return c.learned.applyTo(f), nil
	}
	f, age, err := c.discover(ctx)
	if err != nil {
		return Features{}, err
	}
	c.discovery.keep(f, c.options.Clock.Now().Add(age))
	return c.learned.applyTo(f), nil
}

const opDiscover = "discover scim features"

// discover asks for the three documents and says how long to believe them.
func (c *Client) discover(ctx context.Context) (Features, time.Duration, error) {
	age := c.options.FeaturesAge
	documents := map[string]Value{}
	var assumed []string
	for _, path := range []string{pathConfig, pathTypes, pathSchemas} {
		v, reason, err := c.document(ctx, path)
		if err != nil {
			return Features{}, 0, err
		}
		former, was := c.discovery.former(path)
		switch {
		case reason == "":
			c.discovery.remember(path, v)
		case was:
			// What was right once is more than an assumption.
			v, age = former, c.options.FeaturesAge/10
		default:
			assumed = append(assumed, path+" "+reason)
		}
		if reason == documentWrong {
			age = c.options.FeaturesAge / 10
		}
		documents[path] = v
	}
	f := Features{DiscoveredAt: c.options.Clock.Now(), schemas: parseSchemas(documents[pathSchemas])}
	readConfig(&f, documents[pathConfig])
	assumed = append(assumed, readTypes(&f, documents[pathTypes], c.base)...)
	override(&f, c.options.Overrides)
	slices.Sort(assumed)
	f.Assumed = assumed
	return f, age, nil
}

// The documents of RFC 7644 section 4.
const (
	pathConfig  = "/ServiceProviderConfig"
	pathTypes   = "/ResourceTypes"
	pathSchemas = "/Schemas"
)

// Why a document is replaced by assumptions.
const (
	documentMissing = "is missing: the defaults are assumed"
	documentWrong   = "is not what it should be: the defaults are assumed"
)

// document returns the document, or why it has to do without.
func (c *Client) document(ctx context.Context, path string) (Value, string, error) {
	a, err := c.do(ctx, call{op: opDiscover, method: http.MethodGet, resource: ResourceDiscovery, path: path, collection: true})
	if refused, ok := errors.AsType[*refusal](err); ok {
		switch refused.status {
		case http.StatusNotFound, http.StatusGone, http.StatusForbidden, http.StatusNotImplemented,
			http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusNotAcceptable:
			return Value{}, documentMissing, nil
		}
	}
	if errors.Is(err, errTooLarge) {
		return Value{}, documentWrong, nil
	}
	if err != nil {
		return Value{}, "", err
	}
	if v, err := documentValue(a); err == nil && plausible(path, v) {
		return v, "", nil
	}
	return Value{}, documentWrong, nil
}

// documentValue allows what a listing shall not be: a bare list.
func documentValue(a answer) (Value, error) {
	if !mayBeJSON(a.header.Get("Content-Type")) {
		return Value{}, directory.Errorf(directory.KindUnavailable, opDiscover, "not json")
	}
	return ParseValue(a.body)
}

// plausible reports whether a document is what its path promises.
func plausible(path string, v Value) bool {
	if path == pathConfig {
		return v.IsObject() && slices.ContainsFunc([]string{"patch", "bulk", "filter", "etag", "sort", "changePassword"}, func(name string) bool {
			return v.Get(name).IsObject()
		})
	}
	return slices.ContainsFunc(entries(v), func(e Value) bool { return e.Get("id").IsSet() || e.Get("name").IsSet() })
}

// entries returns the resources of a document that is a ListResponse, as RFC
// 7644 section 4 has it, a bare list, or a single resource.
func entries(v Value) []Value {
	if resources := v.Get("Resources"); resources.IsList() {
		return resources.Elements()
	}
	return v.Elements()
}
