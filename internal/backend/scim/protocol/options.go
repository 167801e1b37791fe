package protocol

import (
	"cmp"
	"errors"
	"time"

	"k8s.io/utils/clock"
)

// Options are what a [Client] is made of. URL, Authorize and Clock are required.
type Options struct {
	// URL is the base URL of the service provider, such as
	// https://example.com/scim/v2. It is https, except for a loopback host, and
	// has no user, query or fragment.
	URL string
	// Authorize says who we are; see [BearerToken], [ClientCredentials] and
	// [NoAuthorization].
	Authorize Authorizer
	// TLS is what is trusted and presented beside the defaults.
	TLS TLS
	// Timeout bounds one request from its first byte to the last one of its
	// answer; default 30 seconds.
	Timeout time.Duration
	// MaxBody bounds an answer's body in bytes, after decompression; default
	// 4 MiB. A listing whose page is larger asks for smaller pages.
	MaxBody int64
	// Rate bounds how often we ask; the zero value is as fast as we are answered.
	Rate Rate
	// Breaker says when a service provider that cannot be reached is left alone.
	Breaker Breaker
	// MaxInFlight bounds the requests under way at once; default 8. More wait.
	MaxInFlight int
	// MaxRetryAfter caps how long a Retry-After is honored; default 15 minutes.
	MaxRetryAfter time.Duration
	// FeaturesAge is how long discovered features are believed; default 1 hour.
	// When a document was unreadable it is a tenth of that.
	FeaturesAge time.Duration
	// Overrides win over what the service provider says about itself.
	Overrides Overrides
	// Clock is what Retry-After, the breaker and ages are measured with.
	Clock clock.Clock
	// UserAgent is sent with every request; default "rollcall".
	UserAgent string
	// Observe is called after every request, on the goroutine that made it; may
	// be nil. It must not block.
	Observe func(Exchange)
}

// TLS is what is trusted and presented on connections.
type TLS struct {
	// CABundle are PEM certificates that are trusted beside those of the system;
	// empty for none.
	CABundle []byte
	// Certificate and Key are our client certificate, PEM; both or none. It is
	// presented to the host of the URL only.
	Certificate, Key []byte
}

// Rate is a token bucket.
type Rate struct {
	// PerSecond is how many requests may begin within a second in the long run;
	// 0 for any number.
	PerSecond float64
	// Burst is how many may begin at once; default 1.
	Burst int
}

// Breaker says when a service provider that cannot be reached is left alone.
// Only failures to reach it count: network errors, timeouts and 5xx; an answer
// below 500 ends a series.
type Breaker struct {
	// Failures is how many in a row open the breaker; default 5.
	Failures int
	// Pause is how long calls then fail at once, before one of them is let
	// through to see; default 15 seconds.
	Pause time.Duration
}

// Exchange is one request and its answer, for metrics. It holds no URL and no
// identifier.
type Exchange struct {
	// Method is the HTTP method.
	Method string
	// Resource is what the request was about: a [ResourceKind], [ResourceDiscovery],
	// [ResourceBulk] or [ResourceToken].
	Resource ResourceKind
	// Status is "1xx" to "5xx", or "error" when there was no answer.
	Status string
	// Duration is from the first byte sent to the last one read.
	Duration time.Duration
}

// What an [Exchange] was about, beside [Users] and [Groups].
const (
	// ResourceDiscovery is /ServiceProviderConfig, /Schemas or /ResourceTypes.
	ResourceDiscovery ResourceKind = "Discovery"
	// ResourceBulk is /Bulk.
	ResourceBulk ResourceKind = "Bulk"
	// ResourceToken is the token endpoint of [ClientCredentials].
	ResourceToken ResourceKind = "Token"
)

// complete fills in defaults and refuses what makes no sense.
func (o Options) complete() (Options, error) {
	switch {
	case o.Clock == nil:
		return o, errors.New("the clock is missing")
	case o.Authorize == nil:
		return o, errors.New("how to authorize is missing")
	case o.Timeout < 0, o.MaxBody < 0, o.MaxInFlight < 0, o.MaxRetryAfter < 0, o.FeaturesAge < 0,
		o.Rate.PerSecond < 0, o.Rate.Burst < 0, o.Breaker.Failures < 0, o.Breaker.Pause < 0:
		return o, errors.New("no limit may be negative")
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.MaxBody = cmp.Or(o.MaxBody, 4<<20)
	o.MaxInFlight = cmp.Or(o.MaxInFlight, 8)
	o.MaxRetryAfter = cmp.Or(o.MaxRetryAfter, 15*time.Minute)
	o.FeaturesAge = cmp.Or(o.FeaturesAge, time.Hour)
	o.Breaker.Failures = cmp.Or(o.Breaker.Failures, 5)
	o.Breaker.Pause = cmp.Or(o.Breaker.Pause, 15*time.Second)
	o.UserAgent = cmp.Or(o.UserAgent, "rollcall")
	return o, o.Overrides.check()
}
