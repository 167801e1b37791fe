package portal

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func FuzzTokenPath(f *testing.F) {
	w := newWorld()
	live := w.invite()
	o := w.options("https://people.example.com")
	handler, err := New(o)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", live, live + "/", live + "/decline", "../" + live, "a/b", "%2e%2e", "\x00", "<script>", "é", strings.Repeat("a", 5000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host, r.URL = "people.example.com", &url.URL{Path: "/i/" + token}
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		want := http.StatusNotFound
		if token == live || token == live+"/decline" {
			want = http.StatusOK
		}
		if recorder.Code != want {
			t.Errorf("status %d for %q, want %d", recorder.Code, token, want)
		}
		if len(token) > 12 && want == http.StatusNotFound && strings.Contains(recorder.Body.String(), token) {
			t.Errorf("page repeats %q", token)
		}
	})
}

func FuzzClient(f *testing.F) {
	f.Add("10.0.0.1:1", "198.51.100.7, 10.0.0.2")
	f.Add("[fd00::1]:1", "::ffff:1.2.3.4")
	f.Add("", ",,,")
	proxies := trustedProxies{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		plain := proxies.client(r)
		r.Header.Set("X-Forwarded-For", forwarded)
		trusted := plain.IsValid() && proxies.contains(plain.Addr())
		if got := proxies.client(r); got != plain && !trusted {
			t.Errorf("%q made %s of %s", forwarded, got, plain)
		}
	})
}
