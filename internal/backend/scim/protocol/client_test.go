package protocol_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/backend/scim/protocol"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestNewRefusesWhatMakesNoSense(t *testing.T) {
	certificate, key := keyPair(t)
	base := newProvider(t).options()
	for name, tt := range map[string]struct {
		edit func(*protocol.Options)
		want string
	}{
		"no url":         {func(o *protocol.Options) { o.URL = "" }, "not an absolute url"},
		"relative":       {func(o *protocol.Options) { o.URL = "/scim" }, "not an absolute url"},
		"plain http":     {func(o *protocol.Options) { o.URL = "http://example.com/scim" }, "must begin with https://"},
		"like localhost": {func(o *protocol.Options) { o.URL = "http://localhost.example.com" }, "must begin with https://"},
		"another scheme": {func(o *protocol.Options) { o.URL = "ftp://localhost/scim" }, "must begin with https://"},
		"user":           {func(o *protocol.Options) { o.URL = "https://a:hush@example.com/" }, "must not contain a user"},
		"query":          {func(o *protocol.Options) { o.URL = "https://example.com/?a=hush" }, "query or fragment"},
		"fragment":       {func(o *protocol.Options) { o.URL = "https://example.com/#a" }, "query or fragment"},
		"dots":           {func(o *protocol.Options) { o.URL = "https://example.com/a/../b" }, "segment of its path"},
		"no clock":       {func(o *protocol.Options) { o.Clock = nil }, "the clock is missing"},
		"no authorizer":  {func(o *protocol.Options) { o.Authorize = nil }, "how to authorize is missing"},
		"empty token":    {func(o *protocol.Options) { o.Authorize = protocol.BearerToken(" \n") }, "the bearer token is empty"},
		"two lines":      {func(o *protocol.Options) { o.Authorize = protocol.BearerToken("hush\r\nX: y") }, "control characters"},
		"nothing at all": {func(o *protocol.Options) { o.URL, o.Authorize = "https://example.com", protocol.NoAuthorization{} }, "neither credentials nor a client certificate"},
		"no secret": {func(o *protocol.Options) {
			o.Authorize = protocol.ClientCredentials{TokenURL: "https://example.com/t", ClientID: "a"}
		}, "client secret is missing"},
		"plain token url": {func(o *protocol.Options) {
			o.Authorize = protocol.ClientCredentials{TokenURL: "http://example.com/t", ClientID: "a", ClientSecret: "hush"}
		}, "the token url must begin with https://"},
		"ca bundle":         {func(o *protocol.Options) { o.TLS.CABundle = []byte("hush") }, "no pem certificate"},
		"half a pair":       {func(o *protocol.Options) { o.TLS.Certificate = certificate }, "do not make a pair"},
		"another pair":      {func(o *protocol.Options) { o.TLS = protocol.TLS{Certificate: certificate, Key: []byte("hush")} }, "do not make a pair"},
		"negative":          {func(o *protocol.Options) { o.Timeout = -1 }, "no limit may be negative"},
		"negative page":     {func(o *protocol.Options) { o.Overrides.MaxPageSize = -1 }, "no limit may be negative"},
		"form":              {func(o *protocol.Options) { o.Overrides.RemoveMembers = "Magic" }, `no form "Magic"`},
		"foreign endpoint":  {func(o *protocol.Options) { o.Overrides.UsersEndpoint = "https://elsewhere.example.com/Users" }, "is not a path"},
		"dots in endpoint":  {func(o *protocol.Options) { o.Overrides.GroupsEndpoint = "/../Groups" }, "is not a path"},
		"query in endpoint": {func(o *protocol.Options) { o.Overrides.GroupsEndpoint = "/Groups?a=b" }, "is not a path"},
	} {
		t.Run(name, func(t *testing.T) {
			o := base
			tt.edit(&o)
			_, err := protocol.New(o)
			wantKind(t, err, directory.KindInvalid)
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
	for _, good := range []string{"https://example.com", "https://example.com/scim/v2/", "http://localhost:1/x", "http://[::1]:8080", "http://127.0.0.9/"} {
		o := base
		if o.URL = good; good != "" {
			if _, err := protocol.New(o); err != nil {
				t.Errorf("%s: %v", good, err)
			}
		}
	}
	base.TLS = protocol.TLS{Certificate: certificate, Key: key}
	base.URL, base.Authorize = "https://example.com", protocol.NoAuthorization{}
	if _, err := protocol.New(base); err != nil {
		t.Errorf("a client certificate only: %v", err)
	}
}

func TestAuthorizersDoNotPrintTheirSecrets(t *testing.T) {
	for _, a := range []protocol.Authorizer{
		protocol.BearerToken("hush-hush"), protocol.ClientCredentials{TokenURL: "https://x.example.com", ClientID: "id", ClientSecret: "hush-hush"},
	} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "a", a)
		encoded, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		printed := fmt.Sprint(a) + fmt.Sprintf("%v %+v %#v %s %q %x %d", a, a, a, a, a, a, a) + log.String() + string(encoded) +
			fmt.Sprintf("%+v", protocol.Options{Authorize: a})
		if strings.Contains(printed, "hush") || strings.Contains(printed, "68757368") {
			t.Errorf("it prints as %s", printed)
		}
	}
}

func TestATokenWithALineFeedIsTrimmed(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users", 200, listJSON(0, ""))
	c := p.client(func(o *protocol.Options) { o.Authorize = protocol.BearerToken("abc\n") })
	if err := c.Check(t.Context()); err != nil || p.requests()[0].Header.Get("Authorization") != "Bearer abc" {
		t.Errorf("%v, %q", err, p.requests()[0].Header.Get("Authorization"))
	}
}

// tokenServer hands out token-1, token-2 and so on, that live for seconds.
func tokenServer(p *provider, seconds string) *int {
	n := 0
	p.on("POST /token", func(w http.ResponseWriter, r *http.Request) {
		n++
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"hush-%d","token_type":"Bearer"%s}`, n, seconds)
	})
	return &n
}

func withTokens(p *provider) func(*protocol.Options) {
	return func(o *protocol.Options) {
		o.Authorize = protocol.ClientCredentials{TokenURL: p.server.URL + "/scim/token", ClientID: "id", ClientSecret: "hush-hush", Scopes: []string{"scim"}, Audience: "aud"}
	}
}

func TestTokensAreKeptUntilShortlyBeforeTheyExpire(t *testing.T) {
	for name, tt := range map[string]struct {
		told       string
		keep, drop time.Duration
	}{
		"an hour":     {`,"expires_in":3600`, 3569 * time.Second, 2 * time.Second},
		"as a string": {`,"expires_in":"3600"`, 3569 * time.Second, 2 * time.Second},
		"short":       {`,"expires_in":40`, 19 * time.Second, 2 * time.Second},
		"untold":      {``, 299 * time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers("GET /Users/", 200, userJSON(1))
			n := tokenServer(p, tt.told)
			c := p.client(withTokens(p))
			for _, step := range []struct {
				wait time.Duration
				want int
			}{{0, 1}, {tt.keep, 1}, {tt.drop, 2}} {
				p.clock.Step(step.wait)
				if _, err := get(t, c, "u1"); err != nil || *n != step.want {
					t.Errorf("after %s: %d tokens, want %d (%v)", step.wait, *n, step.want, err)
				}
			}
		})
	}
}

func TestATokenThatIsRefusedIsFetchedAnewOnce(t *testing.T) {
	p := newProvider(t)
	n := tokenServer(p, `,"expires_in":3600`)
	accepted := "Bearer hush-1"
	p.on("GET /Users/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != accepted {
			respond(w, 401, `{"detail":"hush-hush is expired"}`)
			return
		}
		respond(w, 200, userJSON(1))
	})
	c := p.client(withTokens(p))
	if _, err := get(t, c, "u1"); err != nil {
		t.Fatal(err)
	}
	accepted = "Bearer hush-2"
	if _, err := get(t, c, "u1"); err != nil || *n != 2 {
		t.Errorf("%d tokens, %v", *n, err)
	}
	accepted = "none"
	for range 5 {
		_, err := get(t, c, "u1")
		if !directory.IsKind(err, directory.KindCredentials) {
			t.Errorf("got %v", err)
		}
	}
	if *n > 3 {
		t.Errorf("%d tokens for a service provider that refuses every one", *n)
	}
}

func TestAFailureToGetATokenIsRemembered(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		kind   directory.Kind
	}{
		"wrong secret": {401, `{"error":"invalid_client","error_description":"hush-hush is wrong for id@example.com"}`, directory.KindCredentials},
		"bad":          {400, `{"error":"unauthorized_client"}`, directory.KindCredentials},
		"down":         {503, `<html>hush-hush</html>`, directory.KindUnavailable},
		"too often":    {429, `{}`, directory.KindRateLimited},
		"no token":     {200, `{}`, directory.KindUnavailable},
		"html":         {200, `<html>`, directory.KindUnavailable},
		"redirect":     {302, ``, directory.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.on("POST /token", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://elsewhere.example.com")
				respond(w, tt.status, tt.body)
			})
			c := p.client(withTokens(p))
			_, err := get(t, c, "u1")
			wantKind(t, err, tt.kind)
			first := len(p.lines())
			_, err = get(t, c, "u1")
			wantKind(t, err, tt.kind)
			if n := len(p.lines()); n != first {
				t.Errorf("asked again at once: %d requests", n)
			}
			p.clock.Step(31 * time.Second)
			tokenServer(p, "")
			p.answers("GET /Users/", 200, userJSON(1))
			if _, err := get(t, c, "u1"); err != nil {
				t.Errorf("later: %v", err)
			}
		})
	}
}

func TestRetryAfterPausesTheWholeClient(t *testing.T) {
	for name, tt := range map[string]struct {
		status           int
		retryAfter, date string
		want             time.Duration
		kind             directory.Kind
	}{
		"seconds":    {429, "7", "", 7 * time.Second, directory.KindRateLimited},
		"fractions":  {429, "1.5", "", 1500 * time.Millisecond, directory.KindRateLimited},
		"date":       {429, "Wed, 02 Jan 2030 03:05:05 GMT", "Wed, 02 Jan 2030 03:04:35 GMT", 30 * time.Second, directory.KindRateLimited},
		"capped":     {429, "86400", "", 15 * time.Minute, directory.KindRateLimited},
		"far date":   {429, "Wed, 02 Jan 2035 03:05:05 GMT", "", 15 * time.Minute, directory.KindRateLimited},
		"infinite":   {429, "Inf", "", 15 * time.Minute, directory.KindRateLimited},
		"untold":     {429, "", "", 2 * time.Second, directory.KindRateLimited},
		"nonsense":   {429, "soon", "", 2 * time.Second, directory.KindRateLimited},
		"negative":   {429, "-5", "", 2 * time.Second, directory.KindRateLimited},
		"past":       {429, "Wed, 02 Jan 2020 03:05:05 GMT", "", 2 * time.Second, directory.KindRateLimited},
		"busy":       {503, "9", "", 9 * time.Second, directory.KindUnavailable},
		"down":       {503, "", "", 0, directory.KindUnavailable},
		"not on 400": {400, "9", "", 0, directory.KindInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers("GET /Users/u1", 200, userJSON(1))
			p.on("DELETE /Users/", func(w http.ResponseWriter, _ *http.Request) {
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				if w.Header()["Date"] = nil; tt.date != "" {
					w.Header().Set("Date", tt.date)
				}
				w.WriteHeader(tt.status)
			})
			c := p.client()
			err := c.Delete(t.Context(), protocol.Users, "u9", "")
			wantKind(t, err, tt.kind)
			if got := directory.RetryAfter(err); got != tt.want {
				t.Errorf("retry after %s, want %s", got, tt.want)
			}
			if tt.want == 0 {
				return
			}
			p.reset()
			p.clock.Step(tt.want - time.Second)
			_, err = get(t, c, "u1")
			wantKind(t, err, directory.KindRateLimited)
			if got := directory.RetryAfter(err); got != time.Second || len(p.lines()) != 0 {
				t.Errorf("%s left, want 1s; %d requests", got, len(p.lines()))
			}
			p.clock.Step(time.Second)
			if _, err := get(t, c, "u1"); err != nil {
				t.Errorf("after the pause: %v", err)
			}
		})
	}
}

func TestTheBreakerLeavesAServiceProviderAloneThatIsDown(t *testing.T) {
	p := newProvider(t)
	status := http.StatusBadGateway
	p.on("GET /Users/", func(w http.ResponseWriter, _ *http.Request) { respond(w, status, userJSON(1)) })
	c := p.client(func(o *protocol.Options) { o.Breaker = protocol.Breaker{Failures: 3, Pause: time.Minute} })
	step := func(what string, wait time.Duration, requests int, kind directory.Kind) {
		t.Helper()
		p.reset()
		p.clock.Step(wait)
		_, err := get(t, c, "u1")
		if directory.KindOf(err) != kind || len(p.requests()) != requests {
			t.Errorf("%s: %v, %d requests; want %q, %d", what, err, len(p.requests()), kind, requests)
		}
	}
	step("first failure", 0, 1, directory.KindUnavailable)
	step("second", 0, 1, directory.KindUnavailable)
	step("third opens it", 0, 1, directory.KindUnavailable)
	step("at once", 0, 0, directory.KindUnavailable)
	_, err := get(t, c, "u1")
	if got := directory.RetryAfter(err); got != time.Minute {
		t.Errorf("retry after %s", got)
	}
	step("the probe fails", time.Minute, 1, directory.KindUnavailable)
	step("at once again", 59*time.Second, 0, directory.KindUnavailable)
	status = 200
	step("the probe succeeds", time.Second, 1, "")
	status = http.StatusNotFound
	for range 10 {
		step("4xx never opens it", 0, 1, directory.KindUnavailable)
	}
	status = http.StatusInternalServerError
	step("one failure is none", 0, 1, directory.KindUnavailable)
	status = 200
	step("a success ends the series", 0, 1, "")
}

// Credentials that are refused again and again are not tried by each of ten
// thousand members: services lock out who does that.
func TestRefusedCredentialsAreLeftAlone(t *testing.T) {
	p := newProvider(t)
	status := http.StatusUnauthorized
	p.on("GET /Users/", func(w http.ResponseWriter, _ *http.Request) { respond(w, status, userJSON(1)) })
	c := p.client()
	step := func(what string, wait time.Duration, requests int, kind directory.Kind) {
		t.Helper()
		p.reset()
		p.clock.Step(wait)
		_, err := get(t, c, "u1")
		if directory.KindOf(err) != kind || len(p.requests()) != requests {
			t.Errorf("%s: %v, %d requests; want %q, %d", what, err, len(p.requests()), kind, requests)
		}
	}
	for range 4 {
		step("refused", 0, 1, directory.KindCredentials)
	}
	status = 200
	step("accepted in between", 0, 1, "")
	status = http.StatusUnauthorized
	for range 5 {
		step("refused in a row", 0, 1, directory.KindCredentials)
	}
	step("at once", 0, 0, directory.KindCredentials)
	step("still", 29*time.Second, 0, directory.KindCredentials)
	step("one asks", time.Second, 1, directory.KindCredentials)
	step("at once again", 0, 0, directory.KindCredentials)
	status = 200
	step("one asks, and is answered", 30*time.Second, 1, "")
	step("and everybody after", 0, 1, "")
}

func TestOneProbeAtATime(t *testing.T) {
	p := newProvider(t)
	status, arrived, leave := http.StatusBadGateway, make(chan struct{}, 10), make(chan struct{}, 10)
	p.on("GET /Users/", func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-leave
		respond(w, status, userJSON(1))
	})
	c := p.client(func(o *protocol.Options) { o.Breaker = protocol.Breaker{Failures: 1, Pause: time.Minute} })
	leave <- struct{}{}
	_, err := get(t, c, "u1")
	wantKind(t, err, directory.KindUnavailable)
	<-arrived
	p.clock.Step(time.Minute)
	status = 200
	probe := make(chan error)
	go func() { _, err := get(t, c, "u1"); probe <- err }()
	<-arrived
	_, err = get(t, c, "u1")
	wantKind(t, err, directory.KindUnavailable)
	leave <- struct{}{}
	if err := <-probe; err != nil {
		t.Errorf("the probe: %v", err)
	}
	leave <- struct{}{}
	if _, err := get(t, c, "u1"); err != nil {
		t.Errorf("after the probe: %v", err)
	}
}

func TestAProbeThatItsCallerGivesUpFreesTheNext(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/down", 502, "")
	p.answers("GET /Users/u1", 200, userJSON(1))
	arrived := make(chan struct{})
	p.on("GET /Users/slow", func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
	c := p.client(func(o *protocol.Options) { o.Breaker = protocol.Breaker{Failures: 1, Pause: time.Minute} })
	_, err := get(t, c, "down")
	wantKind(t, err, directory.KindUnavailable)
	p.clock.Step(time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	_, err = c.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: "slow"})
	wantCanceled(t, err)
	if _, err := get(t, c, "u1"); err != nil {
		t.Errorf("the next probe: %v", err)
	}
}

func TestTheConfiguredRateIsKept(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, userJSON(1))
	c := p.client(func(o *protocol.Options) { o.Rate = protocol.Rate{PerSecond: 2, Burst: 5} })
	for range 2 { // three go to discovery
		if _, err := get(t, c, "u1"); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan error, 1)
	go func() { _, err := get(t, c, "u1"); done <- err }()
	for !p.clock.HasWaiters() {
		runtime.Gosched()
	}
	if n := len(p.requests()); n != 2 {
		t.Errorf("%d requests in the first burst", n)
	}
	p.clock.Step(500 * time.Millisecond)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, err := c.Get(ctx, protocol.GetRequest{Kind: protocol.Users, ID: "u1"}); done <- err }()
	for !p.clock.HasWaiters() {
		runtime.Gosched()
	}
	cancel()
	wantCanceled(t, <-done)
}

func TestNoMoreRequestsThanAllowedAreUnderWay(t *testing.T) {
	p := newProvider(t)
	var mu sync.Mutex
	now, most := 0, 0
	both := make(chan struct{})
	p.on("GET /Users/", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		now++
		if most = max(most, now); now == 2 {
			select {
			case <-both:
			default:
				close(both)
			}
		}
		mu.Unlock()
		<-both
		mu.Lock()
		now--
		mu.Unlock()
		respond(w, 200, userJSON(1))
	})
	c := p.client(func(o *protocol.Options) { o.MaxInFlight = 2 })
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := get(t, c, "u1"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most != 2 {
		t.Errorf("%d requests at once, want 2", most)
	}
}

func TestTheObserverSeesNoIdentifiers(t *testing.T) {
	p := newProvider(t)
	p.answers("GET /Users/", 200, userJSON(1))
	p.answers("DELETE /Groups/", 404, "")
	tokenServer(p, "")
	var got []string
	c := p.client(withTokens(p), func(o *protocol.Options) {
		o.Observe = func(e protocol.Exchange) { got = append(got, e.Method+" "+string(e.Resource)+" "+e.Status) }
	})
	_, _ = get(t, c, "u1")
	_ = c.Delete(t.Context(), protocol.Groups, "g1", "")
	want := []string{"POST Token 2xx", "GET Discovery 4xx", "GET Discovery 4xx", "GET Discovery 4xx", "GET Users 2xx", "DELETE Groups 4xx"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exchanges (-want +got):\n%s", diff)
	}
}

func TestFailuresAreClassified(t *testing.T) {
	scim := func(scimType, detail string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":` + strconv.Quote(scimType) + `,"detail":` + strconv.Quote(detail) + `}`
	}
	const html = `<html>not found</html>`
	for name, tt := range map[string]struct {
		method string
		status int
		body   string
		want   directory.Kind
	}{
		"unauthorized":             {"PATCH", 401, "", directory.KindCredentials},
		"forbidden":                {"PATCH", 403, "", directory.KindDenied},
		"gone":                     {"PATCH", 410, "", directory.KindNotFound},
		"not found":                {"PATCH", 404, scim("", "no such user"), directory.KindNotFound},
		"not found, no body":       {"GET", 404, "", directory.KindNotFound},
		"not found, SCIM 1.1":      {"GET", 404, `{"Errors":[{"description":"user_not_found","code":404}]}`, directory.KindNotFound},
		"not found by a gateway":   {"GET", 404, html, directory.KindUnavailable},
		"not found by a router":    {"DELETE", 404, `{"message":"no Route matched with those values"}`, directory.KindUnavailable},
		"not found as plain text":  {"DELETE", 404, "404 page not found\n", directory.KindUnavailable},
		"users not found":          {"POST", 404, scim("", ""), directory.KindUnavailable},
		"uniqueness":               {"POST", 409, scim("uniqueness", ""), directory.KindExists},
		"uniqueness as 400":        {"POST", 400, scim("uniqueness", ""), directory.KindExists},
		"conflict on creation":     {"POST", 409, scim("", "exists"), directory.KindExists},
		"conflict in other words":  {"POST", 409, "Conflict", directory.KindConflict},
		"conflict":                 {"PATCH", 409, scim("", "busy"), directory.KindConflict},
		"uniqueness on change":     {"PATCH", 409, scim("UNIQUENESS", ""), directory.KindExists},
		"precondition":             {"PATCH", 412, "", directory.KindConflict},
		"precondition required":    {"PATCH", 428, "", directory.KindConflict},
		"bad":                      {"PATCH", 400, "", directory.KindInvalid},
		"unprocessable":            {"PATCH", 422, "", directory.KindInvalid},
		"mutability":               {"PATCH", 400, scim("mutability", ""), directory.KindInvalid},
		"invalidSyntax":            {"PATCH", 400, scim("invalidSyntax", ""), directory.KindInvalid},
		"invalidPath":              {"PATCH", 400, scim("invalidPath", ""), directory.KindInvalid},
		"invalidValue":             {"PATCH", 400, scim("invalidValue", ""), directory.KindInvalid},
		"noTarget":                 {"PATCH", 400, scim("noTarget", ""), directory.KindConflict},
		"invalidFilter":            {"GET", 400, scim("invalidFilter", ""), directory.KindUnsupported},
		"tooMany":                  {"GET", 400, scim("tooMany", ""), directory.KindUnsupported},
		"invalidVers":              {"GET", 400, scim("invalidVers", ""), directory.KindUnsupported},
		"sensitive":                {"GET", 403, scim("sensitive", ""), directory.KindUnsupported},
		"too large":                {"PATCH", 413, "", directory.KindInvalid},
		"rate":                     {"GET", 429, "", directory.KindRateLimited},
		"not implemented":          {"POST", 501, "", directory.KindUnsupported},
		"not allowed":              {"POST", 405, "", directory.KindUnsupported},
		"media type":               {"POST", 415, "", directory.KindUnsupported},
		"payment":                  {"POST", 402, "", directory.KindQuotaExceeded},
		"storage":                  {"POST", 507, "", directory.KindQuotaExceeded},
		"licences as 403":          {"POST", 403, scim("", "No licenses available for this organization"), directory.KindQuotaExceeded},
		"seats as 400":             {"PATCH", 400, scim("invalidValue", "Seat limit exceeded"), directory.KindQuotaExceeded},
		"wso2":                     {"POST", 403, scim("userLimitReached", ""), directory.KindQuotaExceeded},
		"a licence that is wrong":  {"POST", 403, scim("", "Your license does not include SCIM"), directory.KindDenied},
		"a limit of something":     {"POST", 400, scim("invalidValue", "name exceeds 64 characters"), directory.KindInvalid},
		"licences of a read":       {"GET", 403, scim("", "license limit exceeded"), directory.KindDenied},
		"timeout":                  {"GET", 408, "", directory.KindUnavailable},
		"internal":                 {"PATCH", 500, scim("", "oops"), directory.KindUnavailable},
		"bad gateway":              {"PATCH", 502, html, directory.KindUnavailable},
		"unavailable":              {"PATCH", 503, "", directory.KindUnavailable},
		"gateway timeout":          {"PATCH", 504, "", directory.KindUnavailable},
		"teapot":                   {"PATCH", 418, "", directory.KindInternal},
		"not modified":             {"GET", 304, "", directory.KindUnavailable},
		"odd":                      {"PATCH", 599, "", directory.KindUnavailable},
		"redirect without a place": {"PATCH", 300, "", directory.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			for _, route := range []string{"GET /Users/", "PATCH /Users/", "DELETE /Users/", "POST /Users"} {
				p.answers(route, tt.status, tt.body)
			}
			c := p.client()
			var err error
			switch tt.method {
			case "GET":
				_, err = get(t, c, "u1")
			case "PATCH":
				_, err = c.Patch(t.Context(), protocol.PatchRequest{Kind: protocol.Users, ID: "u1", Operations: deactivate()})
			case "DELETE":
				err = c.Delete(t.Context(), protocol.Users, "u1", "")
			case "POST":
				_, err = c.Create(t.Context(), protocol.NewDraft(protocol.Users))
			}
			wantKind(t, err, tt.want)
			if strings.Contains(err.Error(), "u1") || !strings.Contains(err.Error(), strconv.Itoa(tt.status)) {
				t.Errorf("the error names an identifier or not the status: %v", err)
			}
		})
	}
	if got := protocol.ScimType(fmt.Errorf("x")); got != "" {
		t.Errorf("scimType of any error: %q", got)
	}
}

func TestDetailsAreFitForAStatus(t *testing.T) {
	for detail, want := range map[string]string{
		"title is too long":                              "title is too long",
		"user ada@example.com exists":                    "user … exists",
		"user ada%40example.com or bob＠x.org":            "user … or …",
		"a\r\nb\x00\x1b[31mc\u202ed":                     "a b [31mc d",
		"request 5f0c1f6e-1111-4a4b-9d5e-0c9f0c1f6e11 x": "request … x",
		"at 2030-01-02T03:04:05Z":                        "at …",
		"unknown schema urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": "unknown schema urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
		strings.Repeat("é ", 150): strings.Repeat("é ", 65) + "é…",
	} {
		p := newProvider(t)
		p.answers("GET /Users/", 400, `{"detail":`+quoteJSON(detail)+`}`)
		_, err := get(t, p.client(), "u1")
		wantClean(t, err)
		got := strings.TrimPrefix(err.Error(), "read user: the service provider answered 400: ")
		if got != want {
			t.Errorf("%q became %q, want %q", detail, got, want)
		}
		if len(got) > 200 {
			t.Errorf("%d bytes", len(got))
		}
	}
}
