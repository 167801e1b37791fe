package protocol_test

import (
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func wantCanceled(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not tell that the caller gave up", err)
	}
}

func get(t testing.TB, c *protocol.Client, id string) (protocol.Resource, error) {
	t.Helper()
	return c.Get(t.Context(), protocol.GetRequest{Kind: protocol.Users, ID: id})
}

func TestIdentifiersAreEscapedOrRefused(t *testing.T) {
	for id, want := range map[string]string{
		"plain":     "/Users/plain",
		"a/b c":     "/Users/a%2Fb%20c",
		"50%":       "/Users/50%25",
		"a?b#c":     "/Users/a%3Fb%23c",
		"a..b":      "/Users/a..b",
		"...":       "/Users/...",
		"ключ":      "/Users/%D0%BA%D0%BB%D1%8E%D1%87",
		"%2e%2e":    "/Users/%252e%252e",
		"a+b&c=d;e": "/Users/a+b&c=d%3Be",
	} {
		p := newProvider(t)
		p.on("GET /Users/", func(w http.ResponseWriter, _ *http.Request) {
			respond(w, 200, `{"schemas":["x"],"id":`+quoteJSON(id)+`}`)
		})
		got, err := get(t, p.client(), id)
		if err != nil || got.ID() != id {
			t.Errorf("%q: %v, %v", id, got.ID(), err)
		}
		if diff := cmp.Diff([]string{"GET " + want}, p.lines()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", id, diff)
		}
	}
	p := newProvider(t)
	c := p.client()
	for _, id := range []string{"", ".", "..", "../Groups/1", "a/../b", `a\..\b`, "a\nb", "a\x00", "\xff", strings.Repeat("x", 1025)} {
		_, err := get(t, c, id)
		wantKind(t, err, directory.KindInvalid)
		wantKind(t, c.Delete(t.Context(), protocol.Users, id, ""), directory.KindInvalid)
		_, err = c.Patch(t.Context(), protocol.PatchRequest{Kind: protocol.Users, ID: id, Operations: deactivate()})
		wantKind(t, err, directory.KindInvalid)
	}
	if got := p.lines(); got != nil {
		t.Errorf("requests for identifiers that are refused: %v", got)
	}
}

func TestAnotherResourceThanAskedForIsAnError(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, userJSON(7))
	_, err := get(t, p.client(), "u8")
	wantKind(t, err, directory.KindUnavailable)
}

func TestPromise_RequestsAndCredentialsStayWithTheConfiguredURL(t *testing.T) {
	var strangers atomic.Int32
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		strangers.Add(1)
		respond(w, 200, userJSON(1))
	}))
	t.Cleanup(stranger.Close)
	for name, location := range map[string]string{
		"another host":   stranger.URL + "/scim/Users/u1",
		"another scheme": "https://127.0.0.1:1/scim/Users/u1",
		"above the base": "/admin/Users/u1",
		"dots":           "/scim/../admin",
		"encoded dots":   "/scim/%2e%2e/admin",
		"with a user":    "http://a:b@" + strings.TrimPrefix(stranger.URL, "http://") + "/scim/Users/u1",
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			for _, method := range []string{"GET", "DELETE", "PATCH"} {
				p.on(method+" /Users/", func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Location", location)
					w.WriteHeader(http.StatusTemporaryRedirect)
				})
			}
			c := p.client()
			_, err := get(t, c, "u1")
			wantKind(t, err, directory.KindUnavailable)
			wantKind(t, c.Delete(t.Context(), protocol.Users, "u1", ""), directory.KindUnavailable)
			if n := len(p.requests()); n != 2 || strangers.Load() != 0 {
				t.Errorf("%d requests here, %d elsewhere", n, strangers.Load())
			}
		})
	}
	p := newProvider(t)
	p.on("GET /Users/u1", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/scim/People/u1", http.StatusMovedPermanently)
	})
	p.answers("GET /People/u1", 200, userJSON(1))
	p.on("DELETE /Users/u1", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/scim/People/u1", http.StatusTemporaryRedirect)
	})
	p.on("GET /Users/u2", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/scim/Users/u2", http.StatusFound) })
	c := p.client()
	if got, err := get(t, c, "u1"); err != nil || got.ID() != "u1" {
		t.Errorf("a read within the base url: %v, %v", got.ID(), err)
	}
	wantKind(t, c.Delete(t.Context(), protocol.Users, "u1", ""), directory.KindUnavailable)
	_, err := get(t, c, "u2")
	wantKind(t, err, directory.KindUnavailable)
}

func TestALocationIsNeverFollowed(t *testing.T) {
	p := newProvider(t)
	p.on("POST /Users", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://elsewhere.example.com/v2/Users/a%2Fb")
		w.WriteHeader(http.StatusCreated)
	})
	p.answers("GET /Users/a%2Fb", 200, `{"schemas":["x"],"id":"a/b"}`)
	got, err := p.client().Create(t.Context(), protocol.NewDraft(protocol.Users))
	if err != nil || got.ID() != "a/b" {
		t.Errorf("got %q, %v", got.ID(), err)
	}
	p.on("POST /Users", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	_, err = p.client().Create(t.Context(), protocol.NewDraft(protocol.Users))
	wantKind(t, err, directory.KindUnavailable)
}

func TestBodiesAreBounded(t *testing.T) {
	huge := func(w io.Writer) {
		_, _ = io.WriteString(w, `{"schemas":["x"],"id":"u1","nickName":"`)
		chunk := strings.Repeat("x", 64<<10)
		for range 10 << 20 / len(chunk) {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
		_, _ = io.WriteString(w, `"}`)
	}
	for name, handler := range map[string]http.HandlerFunc{
		"ten megabytes": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/scim+json")
			huge(w)
		},
		"told in advance": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "10485760"); huge(w) },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.WriteString(w, "{")
			for err == nil {
				_, err = io.WriteString(w, strings.Repeat(" ", 64<<10))
			}
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/scim+json")
			z := gzip.NewWriter(w)
			huge(z)
			_ = z.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.on("GET /Users/", handler)
			_, err := get(t, p.client(), "u1")
			wantKind(t, err, directory.KindUnavailable)
			if want := "read user: the answer is larger than allowed: the limit is 4194304 bytes"; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}

func TestNetworkErrorsAreUnavailableAndSayWhyWithoutAddresses(t *testing.T) {
	refused := httptest.NewServer(nil)
	refused.Close()
	for name, tt := range map[string]struct {
		url     string
		handler http.HandlerFunc
		want    string
	}{
		"refused": {url: refused.URL, want: "the connection was refused"},
		"timeout": {handler: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, want: "there was no answer in time"},
		"dropped": {handler: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want: "the connection ended before the answer did"},
		"cut off": {handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "{")
		}, want: "the connection ended before the answer did"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			for _, d := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Users"} {
				if tt.handler != nil {
					p.on("GET "+d, tt.handler)
				}
			}
			c := p.client(func(o *protocol.Options) {
				if name == "timeout" {
					o.Timeout = 200 * time.Millisecond
				}
				if tt.url != "" {
					o.URL = tt.url
				}
			})
			err := c.Check(t.Context())
			wantKind(t, err, directory.KindUnavailable)
			if !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
}

// keyPair makes a certificate for this machine; signed by itself.
func keyPair(t *testing.T) (certificate, key []byte) { //nolint:nonamedreturns // two byte slices would be told apart by nothing
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "rollcall"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}

func TestMutualTLSAndCABundle(t *testing.T) {
	serverCertificate, serverKey := keyPair(t)
	certificate, key := keyPair(t)
	pair, err := tls.X509KeyPair(serverCertificate, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate)
	p := newProvider(t)
	p.answers("GET /Users", 200, listJSON(0, ""))
	server := httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	t.Cleanup(server.Close)
	with := func(ca, certificate, key []byte) *protocol.Client {
		return p.client(func(o *protocol.Options) {
			o.URL, o.Authorize = server.URL+"/scim", protocol.NoAuthorization{}
			o.TLS = protocol.TLS{CABundle: ca, Certificate: certificate, Key: key}
		})
	}
	if err := with(serverCertificate, certificate, key).Check(t.Context()); err != nil {
		t.Errorf("with ca bundle and client certificate: %v", err)
	}
	if got := p.requests()[0].Header.Get("Authorization"); got != "" {
		t.Errorf("an Authorization header was sent: %q", got)
	}
	err = with(nil, certificate, key).Check(t.Context())
	wantKind(t, err, directory.KindUnavailable)
	if !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("without the ca bundle: %v", err)
	}
	wantKind(t, with(serverCertificate, nil, nil).Check(t.Context()), directory.KindUnavailable)
}

func TestTheClientCertificateIsPresentedToTheServiceProviderOnly(t *testing.T) {
	certificate, key := keyPair(t)
	p := newProvider(t)
	tokenServer(p, "")
	presented := -1
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		presented = len(r.TLS.PeerCertificates)
		p.serve(w, r)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	p.answers("GET /Users/", 200, userJSON(1))
	for where, want := range map[string]int{p.server.URL: 0, server.URL: 1} {
		c := p.client(withTokens(p), func(o *protocol.Options) {
			o.URL = where + "/scim"
			o.TLS = protocol.TLS{CABundle: ca, Certificate: certificate, Key: key}
			o.Authorize = protocol.ClientCredentials{TokenURL: server.URL + "/scim/token", ClientID: "id", ClientSecret: "hush"}
			o.Observe = func(e protocol.Exchange) {
				if e.Resource == protocol.ResourceToken && presented != want {
					t.Errorf("%d certificates presented to the token endpoint, want %d", presented, want)
				}
			}
		})
		if _, err := get(t, c, "u1"); err != nil {
			t.Error(err)
		}
	}
}
