package scimserver

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Server is a running service provider. Its methods may be called by many
// goroutines at once.
type Server struct {
	options   Options
	authority *authority
	http      *httptest.Server

	// mu guards all below it.
	mu    sync.Mutex
	store *store
	// stale is what reads see while they lag behind, staleLeft how many more will.
	stale     *store
	staleLeft int
	// epoch is raised when all cursors expire.
	epoch int
	// provider is the library's handler with the quirks of now.
	provider *provider
	token    string
	// issued are OAuth tokens, with their ends.
	issued map[string]time.Time
	// asked counts what the rate limit counts.
	asked    int
	requests []*Request
	answers  []*answer
}

// Start runs a service provider on a free port of 127.0.0.1 until the test ends.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := New(o)
	if err != nil {
		tb.Fatalf("start the service provider: %v", err)
	}
	tb.Cleanup(s.Close)
	return s
}

// New runs a service provider on a free port of 127.0.0.1 until it is closed.
func New(o Options) (*Server, error) {
	s := &Server{options: o.withDefaults(), store: newStore(), issued: map[string]time.Time{}, token: o.Token}
	if s.token == "" && o.OAuth == nil && !o.ClientCertificates {
		s.token = rand.Text()
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	if address, ok := s.http.Listener.Addr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		return nil, fmt.Errorf("listening on %s, which is not loopback", s.http.Listener.Addr())
	}
	if !s.options.TLS {
		s.http.Start()
	} else if err := s.startTLS(); err != nil {
		s.http.Close()
		return nil, err
	}
	s.SetQuirks(o.Quirks)
	return s, nil
}

func (s *Server) startTLS() error {
	var err error
	if s.authority, err = newAuthority(s.options.Clock.Now()); err != nil {
		return err
	}
	certificate, err := s.authority.issue("localhost")
	if err != nil {
		return err
	}
	s.http.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}}
	if s.options.ClientCertificates {
		s.http.TLS.ClientAuth, s.http.TLS.ClientCAs = tls.RequireAndVerifyClientCert, s.authority.pool()
	}
	s.http.StartTLS()
	return nil
}

// Close ends it, and cuts the connections that are still open.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// URL is the base of the SCIM endpoints, without a slash at the end.
func (s *Server) URL() string { return s.http.URL + s.options.BasePath }

// TokenURL is where OAuth clients fetch tokens.
func (s *Server) TokenURL() string { return s.http.URL + tokenPath }

// Token is the bearer token that it takes; empty when there is none.
func (s *Server) Token() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token
}

// SetToken makes it take this bearer token, and no longer the one before.
func (s *Server) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// RevokeTokens ends the life of all OAuth tokens issued so far.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issued)
}

// SetQuirks changes how it behaves from the next request on.
func (s *Server) SetQuirks(q Quirks) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.provider = s.newProvider(q)
	s.asked = 0
}

// Quirks are those of now.
func (s *Server) Quirks() Quirks {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.provider.quirks
}

// ExpireCursors makes every cursor handed out so far an expired one.
func (s *Server) ExpireCursors() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
}

// Settle makes reads see all that was written; see ProtocolQuirks.StaleReads.
func (s *Server) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = nil
}

func (s *Server) now() time.Time { return s.options.Clock.Now().UTC().Truncate(time.Second) }

// changing is the store for a request that writes. The lock is held.
func (s *Server) changing(q Quirks) *store {
	if q.StaleReads > 0 {
		if s.stale == nil {
			s.stale = s.store.clone()
		}
		s.staleLeft = q.StaleReads
	}
	return s.store
}

// reading is the store for a request that reads. The lock is held.
func (s *Server) reading() *store {
	if s.stale == nil {
		return s.store
	}
	if s.staleLeft == 0 {
		s.stale = nil
		return s.store
	}
	s.staleLeft--
	return s.stale
}
