package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// Authorizer is a way to say who we are: [BearerToken], [ClientCredentials] or
// [NoAuthorization]. None of them reveals a secret when it is printed or logged.
type Authorizer interface {
	// bind checks the configuration and returns what authorizes requests.
	bind(b binding) (credentials, error)
}

// BearerToken authorizes with a fixed token (RFC 6750 section 2.1).
type BearerToken string

// ClientCredentials authorizes with a token that is fetched by the client
// credentials grant of OAuth 2.0 (RFC 6749 section 4.4). The token is kept until
// shortly before it expires, and fetched anew once when it is refused with 401.
// A failure to get one is remembered for 30 seconds, so that a wrong secret is
// not tried ten thousand times.
type ClientCredentials struct {
	// TokenURL is the token endpoint; https, except for a loopback host. It may
	// be on another host than the service provider.
	TokenURL string
	// ClientID and ClientSecret are our credentials there.
	ClientID, ClientSecret string
	// Scopes are asked for; may be empty.
	Scopes []string
	// Audience is sent as the parameter audience when it is not empty; some
	// authorization servers want it.
	Audience string
	// InParameters sends the credentials in the body instead of the header; by
	// default both are tried.
	InParameters bool
}

// NoAuthorization sends no credentials: the client certificate says who we
// are. Without one it is accepted for a loopback host only.
type NoAuthorization struct{}

// binding is what authorizers are given by the client.
type binding struct {
	options Options
	base    *url.URL
	observe func(q call, status string, begun time.Time)
}

// credentials authorize requests.
type credentials interface {
	// header returns the value of the Authorization header; empty for none.
	header(ctx context.Context, op string) (string, error)
	// renew is told that the value was refused with 401, and reports whether
	// another attempt will have another value.
	renew(refused string) bool
	// close closes idle connections.
	close()
}

func (t BearerToken) bind(binding) (credentials, error) {
	if strings.TrimSpace(string(t)) == "" {
		return nil, errors.New("the bearer token is empty")
	}
	// Secrets made by "echo" end with a line feed.
	token := strings.TrimSpace(string(t))
	if strings.ContainsFunc(token, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r > unicode.MaxASCII }) {
		return nil, errors.New("the bearer token contains blanks, control characters or letters beyond ascii")
	}
	return fixedHeader("Bearer " + token), nil
}

func (NoAuthorization) bind(b binding) (credentials, error) {
	if len(b.options.TLS.Certificate) == 0 && !loopback(b.base.Hostname()) {
		return nil, errors.New("there are neither credentials nor a client certificate")
	}
	return fixedHeader(""), nil
}

// fixedHeader are credentials that do not change.
type fixedHeader string

func (h fixedHeader) header(context.Context, string) (string, error) { return string(h), nil }
func (fixedHeader) renew(string) bool                                { return false }
func (fixedHeader) close()                                           {}

// redacted is what credentials look like when they are printed.
const redacted = "[credentials]"

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (t BearerToken) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (t BearerToken) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] and reveals nothing.
func (t BearerToken) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (t ClientCredentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (t ClientCredentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] and reveals nothing.
func (t ClientCredentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }
