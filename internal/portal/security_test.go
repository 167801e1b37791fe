package portal

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// everyAnswer asks for one answer of each kind that the portal can give.
func everyAnswer(t *testing.T, w *world) map[string]answer {
	t.Helper()
	v := w.visitor(t)
	token, away := w.invite(), w.invite(elsewhere)
	w.signIns[clinic+"-away"] = theirs
	request := func(method, path string, change func(*http.Request)) answer {
		r := newRequest(t, method, path, nil)
		change(r)
		return v.send(r)
	}
	none := func(*http.Request) {}
	return map[string]answer{
		"invitation":    v.get("/i/" + token),
		"problems":      v.post("/i/" + token),
		"decline":       v.get("/i/" + token + "/decline"),
		"accepted":      v.post("/i/"+token, "name", adaName, "password", goodPass),
		"welcome":       v.get("/welcome"),
		"dead":          v.get("/i/" + token),
		"elsewhere":     v.get("/i/" + away),
		"let in there":  v.post("/i/"+away, accepting(adaName)...),
		"joined":        v.get("/i/" + away + "/joined"),
		"led away":      v.get(signInPath(clinic + "-away")),
		"sign-in":       v.get(signInPath(clinic)),
		"sign-out":      v.post("/signout"),
		"home":          v.get("/"),
		"declined":      v.get("/declined"),
		"icon":          v.get("/favicon.svg"),
		"robots":        v.get("/robots.txt"),
		"health":        v.get("/healthz"),
		"readiness":     v.get("/readyz"),
		"no page":       v.get("/nothing"),
		"dotted":        v.get("/i/../welcome"),
		"wrong method":  request(http.MethodPut, "/i/"+token, none),
		"wrong host":    request(http.MethodGet, "/", func(r *http.Request) { r.Host = "evil.example" }),
		"cross-origin":  request(http.MethodPost, "/signout", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }),
		"unreadable":    request(http.MethodPost, "/signout", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }),
		"head":          request(http.MethodHead, "/", none),
		"options":       request(http.MethodOptions, "/", none),
		"unknown token": v.get("/i/unknown"),
	}
}

func TestPromise_SecurityHeadersAreOnEveryAnswer(t *testing.T) {
	want := map[string]string{
		"Strict-Transport-Security":    "max-age=63072000",
		"X-Frame-Options":              "DENY",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cache-Control":                "no-store",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"X-Robots-Tag":                 "noindex, nofollow",
	}
	for name, got := range everyAnswer(t, newWorld()) {
		for header, value := range want {
			if got.header.Get(header) != value {
				t.Errorf("%s: %s is %q, want %q", name, header, got.header.Get(header), value)
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: content policy %q lacks %s", name, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || got.header.Get("Permissions-Policy") == "" || got.header.Get("Server") != "" {
			t.Errorf("%s: headers %v", name, got.header)
		}
	}
}

func TestPromise_NonceIsNewOnEveryPageAndOnEveryElement(t *testing.T) {
	w := newWorld()
	token := w.invite()
	seen := map[string]bool{}
	for range 3 {
		got := w.visitor(t).get("/i/" + token)
		_, rest, _ := strings.Cut(got.header.Get("Content-Security-Policy"), "style-src 'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if len(nonce) < 22 || seen[nonce] {
			t.Errorf("nonce %q is short or seen before", nonce)
		}
		seen[nonce] = true
		got.wants(t, http.StatusOK, `<style nonce="`+nonce+`">`, `<script nonce="`+nonce+`">`)
		if strings.Count(got.body, "<style")+strings.Count(got.body, "<script") != 2 || strings.Contains(got.body, " style=") {
			t.Error("page has styles or scripts beside the two with a nonce")
		}
	}
}

func TestNoHSTSWithoutHTTPS(t *testing.T) {
	v := newWorld().visitor(t, func(o *Options) { o.BaseURL = "http://127.0.0.1:8080" })
	r := newRequest(t, http.MethodGet, "/", nil)
	r.Host = "127.0.0.1:8080"
	if got := v.send(r); got.status != http.StatusOK || got.header.Get("Strict-Transport-Security") != "" {
		t.Errorf("status %d, HSTS %q", got.status, got.header.Get("Strict-Transport-Security"))
	}
}

func TestPromise_FormsAreTakenFromOurOwnPagesOnly(t *testing.T) {
	const ours = "https://people.example.com"
	cases := map[string]struct {
		origin, site []string
		taken        bool
		reason       string
	}{
		"browser of today":            {[]string{"null"}, []string{"same-origin"}, true, "no-referrer makes Origin null"},
		"script of ours":              {[]string{ours}, []string{"same-origin"}, true, "both agree"},
		"site only":                   {nil, []string{"same-origin"}, true, "it is enough"},
		"older browser":               {[]string{ours}, nil, true, "without Sec-Fetch-Site, Origin is enough"},
		"neither":                     {nil, nil, false, "nobody vouches for it"},
		"null only":                   {[]string{"null"}, nil, false, "null is what any sandboxed frame sends"},
		"cross-site":                  {[]string{"null"}, []string{"cross-site"}, false, "another site"},
		"same-site":                   {[]string{"null"}, []string{"same-site"}, false, "a neighbour is not us"},
		"typed":                       {[]string{"null"}, []string{"none"}, false, "nobody types a form into the address bar"},
		"empty site":                  {[]string{ours}, []string{""}, false, "no browser sends it"},
		"other origin":                {[]string{"https://evil.example"}, nil, false, "another origin"},
		"other origin says it is us":  {[]string{"https://evil.example"}, []string{"same-origin"}, false, "they disagree"},
		"scheme":                      {[]string{"http://people.example.com"}, nil, false, "http is another origin"},
		"port":                        {[]string{ours + ":8443"}, nil, false, "another port is another origin"},
		"prefix":                      {[]string{ours + ".evil.example"}, nil, false, "it only begins like ours"},
		"two origins":                 {[]string{ours, "https://evil.example"}, []string{"same-origin"}, false, "smuggled"},
		"two sites":                   {[]string{"null"}, []string{"same-origin", "cross-site"}, false, "smuggled"},
		"host header of the attacker": {[]string{"https://evil.example"}, nil, false, "BaseURL decides, not Host"},
	}
	forms := map[string]url.Values{
		"":         {"name": {adaName}, "password": {goodPass}},
		"/decline": {"confirm": {"yes"}},
	}
	for name, c := range cases {
		for path, fields := range forms {
			w := newWorld()
			token := w.invite()
			r := newRequest(t, http.MethodPost, "/i/"+token+path, fields)
			r.Header.Del("Origin")
			r.Header.Del("Sec-Fetch-Site")
			r.Header["Origin"], r.Header["Sec-Fetch-Site"] = c.origin, c.site
			got := w.visitor(t).send(r)
			if taken := got.status == http.StatusSeeOther; taken != c.taken {
				t.Errorf("%s to %q: status %d (%s)", name, path, got.status, c.reason)
			}
			if still := w.state(token) == directory.InvitationPending; still == c.taken {
				t.Errorf("%s to %q: invitation is %s", name, path, w.state(token))
			}
			if !c.taken {
				got.wants(t, http.StatusForbidden, "update your browser")
			}
		}
	}
}

func TestPromise_UnknownHostIsRefused(t *testing.T) {
	cases := map[string]struct {
		host   string
		served bool
		reason string
	}{
		"ours":          {"people.example.com", true, "as configured"},
		"upper case":    {"People.Example.COM", true, "host names have no case"},
		"default port":  {"people.example.com:443", true, "https has it"},
		"other port":    {"people.example.com:8443", false, "another origin"},
		"other host":    {"evil.example", false, "not ours"},
		"suffix":        {"people.example.com.evil.example", false, "not ours"},
		"prefix":        {"evil-people.example.com", false, "not ours"},
		"address":       {"192.0.2.10", false, "nobody is invited to an address"},
		"nothing":       {"", false, "HTTP/1.0 is not spoken here"},
		"with userinfo": {"people.example.com@evil.example", false, "not ours"},
		"trailing dot":  {"people.example.com.", false, "cookies would be another's"},
	}
	for name, c := range cases {
		w := newWorld()
		r := newRequest(t, http.MethodGet, "/i/"+w.invite(), nil)
		r.Host = c.host
		r.Header.Set("X-Forwarded-Host", "people.example.com")
		r.Header.Set("Forwarded", "host=people.example.com")
		got := w.visitor(t).send(r)
		if served := got.status == http.StatusOK; served != c.served || !served && got.status != http.StatusMisdirectedRequest {
			t.Errorf("%s: status %d (%s)", name, got.status, c.reason)
		}
		if !c.served && c.host != "" {
			got.lacks(t, c.host)
		}
	}
}

func TestProbesAreAnsweredUnderEveryName(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, func(o *Options) { o.Limits.Requests = Limit{Every: time.Hour, Burst: 1} })
	for range 5 {
		for _, path := range []string{"/healthz", "/readyz"} {
			r := newRequest(t, http.MethodGet, path, nil)
			r.Host = "10.1.2.3:8080"
			v.send(r).wants(t, http.StatusOK, "ok")
		}
	}
	w.failWith(directory.Errorf(directory.KindUnavailable, "ping", "password of the database is hunter2"))
	v.get("/readyz").wants(t, http.StatusOK, "ok")
	w.clock.Step(time.Second)
	down := v.get("/readyz")
	down.wants(t, http.StatusServiceUnavailable, "unavailable")
	down.lacks(t, "hunter2")
	v.get("/healthz").wants(t, http.StatusOK, "ok")
}

func TestPromise_MethodsAreThoseThatAPageHas(t *testing.T) {
	allowed := map[string]string{
		"/":                           "GET, HEAD",
		"/i/token":                    "GET, HEAD, POST",
		"/i/token/joined":             "GET, HEAD",
		"/i/token/decline":            "GET, HEAD, POST",
		"/o/clinics/northwind/signin": "GET, HEAD, POST",
		"/declined":                   "GET, HEAD",
		"/welcome":                    "GET, HEAD",
		"/signout":                    "POST",
		"/robots.txt":                 "GET, HEAD",
		"/favicon.svg":                "GET, HEAD",
		"/healthz":                    "GET, HEAD",
	}
	v := newWorld().visitor(t)
	for path, allow := range allowed {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "PROPFIND"} {
			if strings.Contains(allow, method) {
				continue
			}
			got := v.send(newRequest(t, method, path, nil))
			got.wants(t, http.StatusMethodNotAllowed, "That does not work here")
			if got.header.Get("Allow") != allow {
				t.Errorf("%s %s allows %q, want %q", method, path, got.header.Get("Allow"), allow)
			}
		}
	}
}

func TestPromise_FormsAreBounded(t *testing.T) {
	many := url.Values{}
	for field := range strings.SplitSeq("a b c d e f g h i", " ") {
		many.Set(field, "1")
	}
	const form = "application/x-www-form-urlencoded"
	cases := map[string]struct {
		kind, body string
		status     int
		reason     string
	}{
		"too large":      {form, "name=Ada&password=" + strings.Repeat("a", 16<<10), http.StatusRequestEntityTooLarge, "16 KiB is the limit"},
		"too many":       {form, many.Encode(), http.StatusBadRequest, "eight fields is the limit"},
		"twice":          {form, "name=Ada&name=Eve&password=violet+tractor+hums+at+noon", http.StatusBadRequest, "which one was meant"},
		"json":           {"application/json", `{"name":"Ada"}`, http.StatusBadRequest, "no page sends it"},
		"multipart":      {"multipart/form-data; boundary=x", "--x--", http.StatusBadRequest, "no page sends it"},
		"no type":        {"", "name=Ada", http.StatusBadRequest, "no browser does that"},
		"bad escape":     {form, "name=%zz", http.StatusBadRequest, "not a form"},
		"semicolons":     {form, "name=Ada;password=x", http.StatusBadRequest, "not a form since HTML 5"},
		"bytes, no text": {form, "name=%ff%fe&password=%ff%fe", http.StatusUnprocessableEntity, "neither name nor password is text"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			token := w.invite()
			r := newRequest(t, http.MethodPost, "/i/"+token, nil)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(c.body)), -1
			r.Header.Set("Content-Type", c.kind)
			w.visitor(t).send(r).wants(t, c.status)
			if got := w.state(token); got != directory.InvitationPending {
				t.Errorf("invitation is %s (%s)", got, c.reason)
			}
		})
	}
}

func TestPromise_FieldsInTheAddressAreNotFieldsOfTheForm(t *testing.T) {
	w := newWorld()
	token := w.invite()
	r := newRequest(t, http.MethodPost, "/i/"+token+"?name=Ada&password=violet+tractor+hums+at+noon", url.Values{})
	w.visitor(t).send(r).wants(t, http.StatusUnprocessableEntity, "Choose a password.")
}

func TestRedirectsRepeatNoPath(t *testing.T) {
	w := newWorld()
	token := w.invite()
	v := w.visitor(t)
	for _, path := range []string{"//i/" + token, "/i/" + token + "/", "/i//" + token, "/i/x/../" + token, "/./i/" + token, "/I/" + token} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host, r.URL = "people.example.com", &url.URL{Path: path}
		got := v.send(r)
		got.wants(t, http.StatusNotFound)
		got.lacks(t, token)
	}
}
