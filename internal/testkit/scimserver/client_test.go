package scimserver_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

const (
	userSchema       = rawscim.UserSchema
	groupSchema      = rawscim.GroupSchema
	enterpriseSchema = rawscim.EnterpriseSchema
)

// client is one of a server of its own.
type client struct {
	*rawscim.Client
	server *scimserver.Server
}

func start(t *testing.T, o scimserver.Options) *client {
	t.Helper()
	server := scimserver.Start(t, o)
	c := rawscim.New(t, server.URL(), server.Token())
	if ca := server.CA(); ca != nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		transport, ok := c.HTTP.Transport.(*http.Transport)
		if !ok {
			t.Fatalf("the transport is a %T", c.HTTP.Transport)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	return &client{Client: c, server: server}
}

func quirky(t *testing.T, change func(*scimserver.Quirks)) *client {
	t.Helper()
	var q scimserver.Quirks
	change(&q)
	return start(t, scimserver.Options{Quirks: q})
}
