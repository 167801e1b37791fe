package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
)

// Options is what a portal is made from.
type Options struct {
	// BaseURL is where people reach the portal: scheme and host, such as
	// "https://people.example.com", without a path. Plain http is taken for
	// a loopback host only.
	BaseURL string
	// Invitations looks up, accepts and declines. Required.
	Invitations Invitations
	// Joins is for people who follow a shareable link. Required.
	Joins Joins
	// Accounts signs people in and out. Required.
	Accounts Accounts
	// Elsewhere says who signs in somewhere else. Required.
	Elsewhere Elsewhere
	// Health tells whether the portal can do its work; /readyz asks it, once a
	// second at most. Required.
	Health func(ctx context.Context) error
	// TrustedProxies are the networks from which X-Forwarded-For is believed.
	// Empty means that nobody is: the peer of the connection is the client.
	TrustedProxies []netip.Prefix
	// Clock tells the time. Required.
	Clock clock.PassiveClock
	// Log receives one line per request, and faults. The zero Logger drops them.
	Log logr.Logger
	// Registerer takes the portal's metrics. Required.
	Registerer prometheus.Registerer
	// Limits bounds what one client can ask for; its zero value means the
	// defaults.
	Limits Limits
}

// New returns the handler of every page. It fails when an option is missing or
// can not be right, and when the metrics are registered already.
func New(o Options) (http.Handler, error) {
	base, err := parseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	p := &portal{
		base:        base,
		invitations: o.Invitations,
		joins:       o.Joins,
		accounts:    o.Accounts,
		elsewhere:   o.Elsewhere,
		ready:       &readiness{check: o.Health, clock: o.Clock},
		proxies:     o.TrustedProxies,
		clock:       o.Clock,
		log:         o.Log,
		limits:      newLimiters(o.Limits, o.Clock),
		cookie:      newSessionCookie(base),
		pages:       pages,
		metrics:     metrics,
	}
	return p.handler(), nil
}

// portal holds what all pages share. Nothing in it changes after New but the
// limiters, the metrics and the cached readiness, which lock for themselves.
type portal struct {
	base        base
	invitations Invitations
	joins       Joins
	accounts    Accounts
	elsewhere   Elsewhere
	ready       *readiness
	proxies     trustedProxies
	clock       clock.PassiveClock
	log         logr.Logger
	limits      *limiters
	cookie      sessionCookie
	pages       pages
	metrics     *metrics
}

func (o Options) validate() error {
	switch {
	case o.Invitations == nil:
		return errors.New("portal needs invitations")
	case o.Joins == nil:
		return errors.New("portal needs joins")
	case o.Accounts == nil:
		return errors.New("portal needs accounts")
	case o.Elsewhere == nil:
		return errors.New("portal needs to know who signs in elsewhere")
	case o.Health == nil:
		return errors.New("portal needs a health check")
	case o.Clock == nil:
		return errors.New("portal needs a clock")
	case o.Registerer == nil:
		return errors.New("portal needs a registerer for its metrics")
	}
	for _, prefix := range o.TrustedProxies {
		// Trusting everybody lets every client choose the address that it is
		// limited by.
		if !prefix.IsValid() || prefix.Bits() == 0 {
			return fmt.Errorf("trusted proxy %q must be a network smaller than the whole internet", prefix)
		}
	}
	return o.Limits.validate()
}
