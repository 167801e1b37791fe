package portal

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestNewFailsOnWhatIsMissingOrWrong(t *testing.T) {
	cases := map[string]struct {
		change func(*Options)
		says   string
	}{
		"invitations":     {func(o *Options) { o.Invitations = nil }, "needs invitations"},
		"elsewhere":       {func(o *Options) { o.Elsewhere = nil }, "signs in elsewhere"},
		"accounts":        {func(o *Options) { o.Accounts = nil }, "needs accounts"},
		"health":          {func(o *Options) { o.Health = nil }, "needs a health check"},
		"clock":           {func(o *Options) { o.Clock = nil }, "needs a clock"},
		"registerer":      {func(o *Options) { o.Registerer = nil }, "needs a registerer"},
		"trust everybody": {func(o *Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} }, "smaller than the whole internet"},
		"trust nothing":   {func(o *Options) { o.TrustedProxies = []netip.Prefix{{}} }, "smaller than the whole internet"},
		"half a limit":    {func(o *Options) { o.Limits.SignIn = Limit{Burst: 3} }, "both a burst and a time"},
		"negative memory": {func(o *Options) { o.Limits.Entries = -1 }, "fewer than zero"},
		"no base URL":     {func(o *Options) { o.BaseURL = "" }, "scheme and host"},
		"no scheme":       {func(o *Options) { o.BaseURL = "people.example.com" }, "scheme and host"},
		"other scheme":    {func(o *Options) { o.BaseURL = "ftp://people.example.com" }, "scheme and host"},
		"http":            {func(o *Options) { o.BaseURL = "http://people.example.com" }, "must be https"},
		"like loopback":   {func(o *Options) { o.BaseURL = "http://localhost.example.com" }, "must be https"},
		"path":            {func(o *Options) { o.BaseURL = "https://example.com/people" }, "no path"},
		"query":           {func(o *Options) { o.BaseURL = "https://example.com?a=b" }, "no path"},
		"credentials":     {func(o *Options) { o.BaseURL = "https://user:hunter2@example.com" }, "no path"},
		"unreadable":      {func(o *Options) { o.BaseURL = "https://hunter2 \x00" }, "scheme and host"},
	}
	for name, c := range cases {
		o := newWorld().options("https://people.example.com")
		c.change(&o)
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.says)
		}
	}
	o := newWorld().options("https://people.example.com")
	for _, want := range []bool{true, false} {
		if _, err := New(o); (err == nil) != want {
			t.Errorf("error %v for the same metrics again", err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	cases := map[string]struct {
		url  string
		want base
	}{
		"plain":          {"https://people.example.com", base{"people.example.com", "https://people.example.com", true}},
		"slash and case": {"HTTPS://People.Example.com/", base{"people.example.com", "https://people.example.com", true}},
		"default port":   {"https://people.example.com:443", base{"people.example.com", "https://people.example.com", true}},
		"other port":     {"https://people.example.com:8443", base{"people.example.com:8443", "https://people.example.com:8443", true}},
		"loopback":       {"http://localhost:8080", base{"localhost:8080", "http://localhost:8080", false}},
		"loopback name":  {"http://people.localhost", base{"people.localhost", "http://people.localhost", false}},
		"loopback v4":    {"http://127.0.0.1:80", base{"127.0.0.1", "http://127.0.0.1", false}},
		"loopback v6":    {"http://[::1]:80", base{"[::1]", "http://[::1]", false}},
	}
	for name, c := range cases {
		got, err := parseBase(c.url)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

func TestStaticFiles(t *testing.T) {
	v := newWorld().visitor(t)
	v.get("/robots.txt").wants(t, http.StatusOK, "Disallow: /\n")
	icon := v.get("/favicon.svg")
	icon.wants(t, http.StatusOK, "<svg")
	if got := icon.header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("icon is %q", got)
	}
	v.get("/").wants(t, http.StatusOK, "You need your invitation")
}

func TestPromise_DefaultLimitsLetAPracticeAcceptTogether(t *testing.T) {
	w := newWorld()
	v := w.visitor(t, func(o *Options) { o.Limits = Limits{} })
	for i := range 20 {
		token := w.invite(func(inv *directory.Invitation) { inv.Address = strings.Repeat("a", i+1) + "@example.org" })
		v.get("/i/"+token).wants(t, http.StatusOK)
		v.post("/i/"+token, "name", adaName, "password", goodPass).leadsTo(t, "/welcome")
		v.get("/welcome").wants(t, http.StatusOK)
		w.clock.Step(time.Second)
	}
}
