package scimserver_test

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/rollcall-dev/rollcall/internal/testkit/rawscim"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

func TestBearerTokens(t *testing.T) {
	c := start(t, scimserver.Options{Token: "first"})
	c.Want(http.StatusOK, "GET", "/Users", nil)
	c.server.SetToken("second")
	if a := c.Want(http.StatusUnauthorized, "GET", "/Users", nil); a.Header.Get("WWW-Authenticate") == "" || a.Body["Resources"] != nil {
		t.Errorf("refused with %s", a.Raw)
	}
	c.Header.Set("Authorization", "Bearer second")
	c.Want(http.StatusOK, "GET", "/Users", nil)
}

func TestOAuthTokens(t *testing.T) {
	clock := testingclock.NewFakePassiveClock(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	c := start(t, scimserver.Options{Clock: clock, OAuth: &scimserver.OAuth{
		ClientID: "rollcall", ClientSecret: "s3cret", Scope: "scim", Lifetime: time.Minute,
	}})
	c.Want(http.StatusUnauthorized, "GET", "/Users", nil)
	fetch := func(id, secret string, basic bool) (int, map[string]any) {
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {"scim"}}
		if !basic {
			form.Set("client_id", id)
			form.Set("client_secret", secret)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.server.TokenURL(), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if basic {
			request.SetBasicAuth(id, secret)
		}
		response, err := c.HTTP.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body := map[string]any{}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, body
	}
	if status, body := fetch("rollcall", "wrong", true); status != http.StatusUnauthorized || body["error"] != "invalid_client" {
		t.Errorf("a wrong secret is answered with %d %v", status, body)
	}
	for _, basic := range []bool{true, false} {
		status, body := fetch("rollcall", "s3cret", basic)
		if status != http.StatusOK || body["expires_in"] != 60.0 {
			t.Fatalf("the token is %d %v", status, body)
		}
		c.Header.Set("Authorization", "Bearer "+rawscim.Text(body, "access_token"))
		c.Want(http.StatusOK, "GET", "/Users", nil)
	}
	clock.SetTime(clock.Now().Add(time.Minute))
	c.Want(http.StatusUnauthorized, "GET", "/Users", nil)
	if got := c.server.TokensAlive(); got != 2 {
		t.Errorf("%d tokens", got)
	}
	c.server.RevokeTokens()
	if got := c.server.TokensAlive(); got != 0 {
		t.Errorf("%d tokens after all were revoked", got)
	}
}

func TestMutualTLS(t *testing.T) {
	c := start(t, scimserver.Options{ClientCertificates: true})
	transport, ok := c.HTTP.Transport.(*http.Transport)
	if !ok || !strings.HasPrefix(c.server.URL(), "https://") {
		t.Fatalf("%T to %s", c.HTTP.Transport, c.server.URL())
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.server.URL()+"/Users", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := c.HTTP.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("it takes clients without a certificate")
	}
	certificate, key, err := c.server.ClientCertificate()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	c.Want(http.StatusOK, "GET", "/Users", nil)
}

func TestRequestsAreTold(t *testing.T) {
	c := start(t, scimserver.Options{})
	id := c.User("ada", nil)
	c.Want(http.StatusOK, "GET", "/Users?count=1", nil)
	c.Want(http.StatusNotFound, "DELETE", "/Users/a%2Fb", nil)
	type told struct {
		Method, Path string
		Query        url.Values
		Status       int
	}
	var got []told
	for _, r := range c.server.Requests() {
		got = append(got, told{r.Method, r.Path, r.Query, r.Status})
		if r.Header.Get("Authorization") != "" {
			t.Error("a credential is kept")
		}
	}
	want := []told{
		{"POST", "/Users", url.Values{}, 201},
		{"GET", "/Users", url.Values{"count": {"1"}}, 200},
		{"DELETE", "/Users/a%2Fb", url.Values{}, 404},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if c.server.Reads() != 1 || c.server.Writes() != 2 {
		t.Errorf("%d reads, %d writes", c.server.Reads(), c.server.Writes())
	}
	if body := string(c.server.Requests()[0].Body); !strings.Contains(body, "ada") {
		t.Errorf("the body is %s", body)
	}
	c.server.Forget()
	c.server.DeleteUser(id)
	if got := c.server.Requests(); len(got) > 0 {
		t.Errorf("the console makes requests: %v", got)
	}
}

func TestHostileAnswers(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(elsewhere.Close)
	tests := map[string]struct {
		with   http.Handler
		status int
		check  func(a rawscim.Answer) bool
	}{
		"HTML":      {scimserver.HTML(), 200, func(a rawscim.Answer) bool { return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") }},
		"truncated": {scimserver.TruncatedJSON(), 200, func(a rawscim.Answer) bool { return !json.Valid(a.Raw) && len(a.Raw) > 0 }},
		"huge":      {scimserver.Huge(10 << 20), 200, func(a rawscim.Answer) bool { return json.Valid(a.Raw) && len(a.Raw) > 10<<20 }},
		"redirect": {scimserver.RedirectTo(elsewhere.URL, 307), 307, func(a rawscim.Answer) bool {
			return a.Header.Get("Location") == elsewhere.URL+"/scim/v2/Users?count=1"
		}},
		"busy": {scimserver.Status(503, 7), 503, func(a rawscim.Answer) bool { return a.Header.Get("Retry-After") == "7" }},
		"JSON": {scimserver.JSON(`{"status":"error"}`), 200, func(a rawscim.Answer) bool { return rawscim.Text(a.Body, "status") == "error" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := start(t, scimserver.Options{})
			undo := c.server.Answer("GET", "/Users", test.with)
			if a := c.Want(test.status, "GET", "/Users?count=1", nil); !test.check(a) {
				t.Errorf("answered with %v and %d bytes", a.Header, len(a.Raw))
			}
			c.User("ada", nil)
			c.Want(http.StatusOK, "GET", "/Groups", nil)
			undo()
			if a := c.Want(http.StatusOK, "GET", "/Users", nil); a.Total() != 1 {
				t.Errorf("afterwards: %s", a.Raw)
			}
		})
	}
}

func TestManyMembers(t *testing.T) {
	c := start(t, scimserver.Options{})
	const many = 10_000
	ids := make([]string, many)
	for i := range ids {
		ids[i] = c.server.PutUser(user("user-" + string(rune('a'+i%26)) + time.Duration(i).String()))
	}
	group := c.server.PutGroup(scimserver.Group{DisplayName: "everybody", Members: ids})
	c.Want(http.StatusOK, "PATCH", rawscim.At("Groups", group)+"?excludedAttributes=members",
		rawscim.Operations(rawscim.Op("remove", `members[value eq "`+ids[7]+`"]`, nil)))
	if got := len(rawscim.Values(c.Want(http.StatusOK, "GET", rawscim.At("Groups", group), nil).Body, "members")); got != many-1 {
		t.Errorf("the group has %d members", got)
	}
	if a := c.Want(http.StatusOK, "GET", "/Users?startIndex=9951&count=100", nil); len(a.Names()) != 50 || a.Total() != many {
		t.Errorf("the last page has %d of %d", len(a.Names()), a.Total())
	}
}
