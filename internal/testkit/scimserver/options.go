package scimserver

import (
	"time"

	"github.com/elimity-com/scim/schema"
	"k8s.io/utils/clock"
)

// Options say what service provider to start. The zero value is one by the book,
// over HTTP, with a bearer token.
type Options struct {
	// Token is the bearer token that it takes. Default: a random one, told by
	// [Server.Token]. With OAuth or ClientCertificates and no Token there is none.
	Token string
	// OAuth makes it issue bearer tokens for client credentials. Default: it does not.
	OAuth *OAuth
	// TLS makes it speak HTTPS with a certificate of an authority of its own,
	// which [Server.CA] tells.
	TLS bool
	// ClientCertificates makes it insist on a certificate of its own authority,
	// such as [Server.ClientCertificate] makes. It implies TLS.
	ClientCertificates bool
	// BasePath is where the SCIM endpoints are. Default: /scim/v2.
	BasePath string
	// Extensions of the schema of users, beside the enterprise extension.
	Extensions []schema.Schema
	// Quirks at the start; [Server.SetQuirks] changes them.
	Quirks Quirks
	// Clock for meta and the lives of OAuth tokens. Default: the real one.
	Clock clock.PassiveClock
}

// OAuth is a client that may fetch tokens at [Server.TokenURL] with the grant
// client_credentials (RFC 6749 section 4.4).
type OAuth struct {
	// ClientID and ClientSecret are taken from the Authorization header or from
	// the form.
	ClientID, ClientSecret string
	// Scope that a request must ask for. Default: any.
	Scope string
	// Lifetime of a token. Default: an hour.
	Lifetime time.Duration
}

func (o Options) withDefaults() Options {
	if o.BasePath == "" {
		o.BasePath = "/scim/v2"
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.ClientCertificates {
		o.TLS = true
	}
	if o.OAuth != nil && o.OAuth.Lifetime == 0 {
		copied := *o.OAuth
		copied.Lifetime = time.Hour
		o.OAuth = &copied
	}
	return o
}
