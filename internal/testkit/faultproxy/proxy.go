package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
)

// Options say what to stand in front of.
type Options struct {
	// Target is the URL of the server, with the path that clients will find below
	// [Proxy.URL] too.
	Target string
	// TLS is for a target that speaks HTTPS. Clients of the proxy speak HTTP.
	TLS *tls.Config
}

// Proxy is a running proxy. Its methods may be called by many goroutines at once.
type Proxy struct {
	target    *url.URL
	transport *http.Transport
	http      *httptest.Server

	mu   sync.Mutex
	seen int
	// broken is the number of the request that meets the fault, 0 for none, and
	// came is true when it has.
	broken int
	fault  wirefault.Fault
	came   bool
	// mended is closed when Mend is called, and renewed.
	mended chan struct{}
	// underWay are requests that the server has to get before Mend returns.
	underWay sync.WaitGroup
}

var _ wirefault.Path = (*Proxy)(nil)

// Start runs a proxy until the test ends.
func Start(tb testing.TB, o Options) *Proxy {
	tb.Helper()
	p, err := New(o)
	if err != nil {
		tb.Fatalf("start the proxy: %v", err)
	}
	tb.Cleanup(p.Close)
	return p
}

// New runs a proxy on a free port of 127.0.0.1 until it is closed.
func New(o Options) (*Proxy, error) {
	target, err := url.Parse(strings.TrimSuffix(o.Target, "/"))
	if err != nil {
		return nil, err
	}
	if target.Host == "" {
		return nil, errors.New("the target has no host")
	}
	p := &Proxy{
		target: target, mended: make(chan struct{}),
		transport: &http.Transport{TLSClientConfig: o.TLS, DisableCompression: true},
	}
	p.http = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.http.Config.SetKeepAlivesEnabled(false)
	p.http.Start()
	return p, nil
}

// Close mends the proxy, ends it, and cuts the connections that are still open.
func (p *Proxy) Close() {
	p.Mend()
	p.http.CloseClientConnections()
	p.http.Close()
	p.transport.CloseIdleConnections()
}

// URL is the target's, with the proxy's host.
func (p *Proxy) URL() string { return p.http.URL + p.target.Path }

// Requests is how many requests clients have made since the start.
func (p *Proxy) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// Break makes the nth request from now meet a fault; 1 is the next one. It takes
// the place of a fault that no request has met.
func (p *Proxy) Break(nth int, how wirefault.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken, p.fault, p.came = p.seen+nth, how, false
}

// Mend forgets a fault that no request has met, and lets go what is held: a slow
// reply goes to the client if it still waits, a late request to the server. It
// returns when the server has answered all that it was to get, and says whether
// the fault was met.
func (p *Proxy) Mend() bool {
	p.mu.Lock()
	came := p.came
	p.broken, p.came = 0, false
	close(p.mended)
	p.mended = make(chan struct{})
	p.mu.Unlock()
	p.underWay.Wait()
	return came
}

// meet counts a request, and says what it meets, if anything, and what it waits
// for if it is held.
func (p *Proxy) meet() (wirefault.Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	if p.seen != p.broken {
		return "", p.mended
	}
	p.came = true
	if held(p.fault) {
		p.underWay.Add(1)
	}
	return p.fault, p.mended
}

// held says whether a fault holds something back until the proxy is mended.
func held(f wirefault.Fault) bool { return f == wirefault.Late || f == wirefault.Slow }

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	f, mended := p.meet()
	if f == wirefault.Refused {
		cut(w)
		return
	}
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		if held(f) {
			p.underWay.Done()
		}
		cut(w)
	case held(f):
		p.hold(f, mended, w, r, body)
	case f == "":
		p.forward(r.Context(), r, body).write(w)
	default:
		p.fail(f, w, r, body)
	}
}

// hold holds the request or the reply until the proxy is mended. What the client
// gave up reaches the server all the same.
func (p *Proxy) hold(f wirefault.Fault, mended <-chan struct{}, w http.ResponseWriter, r *http.Request, body []byte) {
	if f == wirefault.Late {
		<-mended
	}
	whole := p.forward(context.WithoutCancel(r.Context()), r, body)
	p.underWay.Done()
	if f == wirefault.Slow {
		select {
		case <-mended:
		case <-r.Context().Done():
			return
		}
	}
	whole.write(w)
}

// reply is the server's, whole.
type reply struct {
	status int
	header http.Header
	body   []byte
	// err means that there was none.
	err error
}

func (p *Proxy) forward(ctx context.Context, r *http.Request, body []byte) reply {
	out := r.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.Host = p.target.Scheme, p.target.Host, p.target.Host
	out.RequestURI, out.Close = "", false
	out.Header.Del("Connection")
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	response, err := p.transport.RoundTrip(out)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, body: all, err: err}
}

func (r reply) write(w http.ResponseWriter) {
	if r.err != nil {
		cut(w)
		return
	}
	for name, values := range r.header {
		if name != "Connection" && name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}

// cut resets the client's connection without an answer.
func cut(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		// Nothing is sent any more, and the client is told so by a reset.
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
