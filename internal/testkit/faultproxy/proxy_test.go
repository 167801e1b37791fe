package faultproxy_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/directory/directorytest/wirefault"
	"github.com/rollcall-dev/rollcall/internal/testkit"
	"github.com/rollcall-dev/rollcall/internal/testkit/faultproxy"
	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// world is a client, a proxy and a service provider behind it.
type world struct {
	t      *testing.T
	server *scimserver.Server
	proxy  *faultproxy.Proxy
	http   *http.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
	server := scimserver.Start(t, scimserver.Options{})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &world{
		t: t, server: server, http: &http.Client{Transport: transport},
		proxy: faultproxy.Start(t, faultproxy.Options{Target: server.URL()}),
	}
}

type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// create asks for a user of that name.
func (w *world) create(ctx context.Context, name string) answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": name,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.proxy.URL()+"/Users", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.server.Token())
	response, err := w.http.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: all, err: err}
}

func (w *world) has(name string) bool {
	_, ok := w.server.User(name)
	return ok
}

func TestFaults(t *testing.T) {
	tests := map[wirefault.Fault]struct {
		status int
		// done says whether the server did it.
		done   bool
		check  func(answer) bool
		reason string
	}{
		wirefault.Refused:        {0, false, nil, "nothing arrived"},
		wirefault.LostReply:      {0, true, nil, "the client cannot tell it from Refused"},
		wirefault.Conflict:       {409, false, nil, ""},
		wirefault.Precondition:   {412, false, nil, ""},
		wirefault.RateLimited:    {429, false, retryAfter, "the client is told when to come again"},
		wirefault.Internal:       {500, false, nil, ""},
		wirefault.BadGateway:     {502, false, nil, ""},
		wirefault.Unavailable:    {503, false, retryAfter, ""},
		wirefault.Unauthorized:   {401, false, nil, ""},
		wirefault.GatewayTimeout: {504, true, nil, "the gateway gave up, the server did not"},
		wirefault.Garbage:        {200, false, isHTML, "a sign-in page"},
		wirefault.Truncated:      {201, true, func(a answer) bool { return len(a.body) > 0 && !json.Valid(a.body) }, "half of it"},
	}
	for _, f := range wirefault.All() {
		test, ok := tests[f]
		if !ok {
			if f != wirefault.Slow && f != wirefault.Late {
				t.Errorf("%s is not tested", f)
			}
			continue
		}
		t.Run(string(f), func(t *testing.T) {
			w := newWorld(t)
			w.proxy.Break(2, f)
			if a := w.create(t.Context(), "before"); a.status != http.StatusCreated {
				t.Fatalf("the first request is broken: %d %v", a.status, a.err)
			}
			a := w.create(t.Context(), "ada")
			if a.status != test.status || (a.err != nil) != (test.status == 0) || w.has("ada") != test.done {
				t.Errorf("answered with %d, error %v, done %v: %s", a.status, a.err, w.has("ada"), test.reason)
			}
			if test.check != nil && !test.check(a) {
				t.Errorf("the answer is %v %s: %s", a.header, a.body, test.reason)
			}
			if !w.proxy.Mend() {
				t.Error("the fault was not met")
			}
			if a := w.create(t.Context(), "after"); a.status != http.StatusCreated || w.proxy.Requests() != 3 {
				t.Errorf("the request after it is broken too: %d, %d requests", a.status, w.proxy.Requests())
			}
		})
	}
}

func retryAfter(a answer) bool { return a.header.Get("Retry-After") == "1" }

func isHTML(a answer) bool { return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") }

func TestASlowReplyArrivesWhenMended(t *testing.T) {
	w := newWorld(t)
	w.proxy.Break(1, wirefault.Slow)
	arrived := make(chan answer, 1)
	go func() { arrived <- w.create(t.Context(), "ada") }()
	waitUntil(t, "the user", func() bool { return w.has("ada") })
	select {
	case a := <-arrived:
		t.Fatalf("the reply arrived before: %d %v", a.status, a.err)
	default:
	}
	w.proxy.Mend()
	if a := <-arrived; a.status != http.StatusCreated {
		t.Errorf("the reply is %d %v", a.status, a.err)
	}
}

func TestALateRequestIsDoneWhenTheClientHasGone(t *testing.T) {
	w := newWorld(t)
	w.proxy.Break(1, wirefault.Late)
	ctx, giveUp := context.WithCancel(t.Context())
	arrived := make(chan answer, 1)
	go func() { arrived <- w.create(ctx, "ada") }()
	waitUntil(t, "the request", func() bool { return w.proxy.Requests() == 1 })
	giveUp()
	if a := <-arrived; !errors.Is(a.err, context.Canceled) || w.has("ada") {
		t.Fatalf("before: %v, done %v", a.err, w.has("ada"))
	}
	w.proxy.Mend()
	if !w.has("ada") {
		t.Error("it was not done")
	}
}

func TestThereIsOneFaultAtATime(t *testing.T) {
	w := newWorld(t)
	w.proxy.Break(1, wirefault.Refused)
	w.proxy.Break(2, wirefault.Internal)
	if a := w.create(t.Context(), "ada"); a.status != http.StatusCreated {
		t.Errorf("a fault whose place was taken is met: %d %v", a.status, a.err)
	}
	if w.proxy.Mend() {
		t.Error("a fault that nobody met is told as met")
	}
	if a := w.create(t.Context(), "bob"); a.status != http.StatusCreated {
		t.Errorf("mended, it answers %d %v", a.status, a.err)
	}
}

func TestTheClientNeverRepeatsByItself(t *testing.T) {
	w := newWorld(t)
	get := func() error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.proxy.URL()+"/Users", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := w.http.Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	w.proxy.Break(1, wirefault.LostReply)
	err := get()
	type outcome struct {
		failed             bool
		requests, received int
	}
	got := outcome{err != nil, w.proxy.Requests(), len(w.server.Requests())}
	if diff := cmp.Diff(outcome{true, 2, 2}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestATargetMaySpeakTLS(t *testing.T) {
	server := scimserver.Start(t, scimserver.Options{TLS: true})
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(server.CA())
	proxy := faultproxy.Start(t, faultproxy.Options{
		Target: server.URL(), TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities},
	})
	rawscim.New(t, proxy.URL(), server.Token()).Want(http.StatusOK, "GET", "/Users?count=1", nil)
	got := server.Requests()
	if len(got) != 1 || got[0].Path != "/Users" || got[0].Query.Get("count") != "1" {
		t.Errorf("the server was asked %v", got)
	}
}

// waitUntil waits for what another goroutine makes true.
func waitUntil(t *testing.T, what string, holds func() bool) {
	t.Helper()
	check := func(context.Context) (bool, string, error) { return holds(), "", nil }
	if err := testkit.Eventually(t.Context(), what, check); err != nil {
		t.Fatal(err)
	}
}
