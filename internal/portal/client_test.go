package portal

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestPromise_ForwardedHeaderOfAnUntrustedHopDecidesNothing(t *testing.T) {
	trusted := trustedProxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	cases := map[string]struct {
		peer      string
		forwarded []string
		want      string
		reason    string
	}{
		"no proxy":            {"192.0.2.1:1234", nil, "192.0.2.1/32", "the peer is the client"},
		"spoofed":             {"192.0.2.1:1234", []string{"198.51.100.7"}, "192.0.2.1/32", "the peer is not trusted"},
		"one proxy":           {"10.0.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7/32", "the proxy's word"},
		"two proxies":         {"10.0.0.1:1234", []string{"198.51.100.7, 10.0.0.2"}, "198.51.100.7/32", "past trusted hops"},
		"two headers":         {"10.0.0.1:1234", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7/32", "the same in two lines"},
		"spoofed left":        {"10.0.0.1:1234", []string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7/32", "the client wrote what is left of it"},
		"spoofed trusted":     {"10.0.0.1:1234", []string{"203.0.113.5, 10.9.9.9, 198.51.100.7"}, "198.51.100.7/32", "the walk ends at the first stranger"},
		"rubbish":             {"10.0.0.1:1234", []string{"198.51.100.7, unknown"}, "10.0.0.1/32", "the proxy that wrote it answers for it"},
		"rubbish left":        {"10.0.0.1:1234", []string{"<script>, 198.51.100.7"}, "198.51.100.7/32", "never looked at"},
		"empty":               {"10.0.0.1:1234", []string{""}, "10.0.0.1/32", "it says nothing"},
		"all trusted":         {"10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3/32", "a client inside"},
		"with port":           {"10.0.0.1:1234", []string{"198.51.100.7:5678"}, "198.51.100.7/32", "some proxies write it"},
		"IPv6":                {"[2001:db8:1:2:3:4:5:6]:1234", nil, "2001:db8:1:2::/64", "a customer has a /64"},
		"IPv6 neighbour":      {"[2001:db8:1:2:ffff::1]:1234", nil, "2001:db8:1:2::/64", "the same customer"},
		"IPv6 proxy":          {"[fd00::1]:1234", []string{"2001:db8:9::1"}, "2001:db8:9::/64", "trusted by its network"},
		"IPv6 with port":      {"[fd00::1]:1234", []string{"[2001:db8:9::1]:443"}, "2001:db8:9::/64", "some proxies write it"},
		"IPv6 in brackets":    {"[fd00::1]:1234", []string{"[2001:db8:9::1]"}, "2001:db8:9::/64", "some proxies write it"},
		"IPv4 in IPv6":        {"[::ffff:10.0.0.1]:1234", []string{"::ffff:198.51.100.7"}, "198.51.100.7/32", "a dual-stack socket"},
		"with a zone":         {"[fe80::1%eth0]:1234", nil, "fe80::/64", "a zone is no part of the network"},
		"peer without a port": {"@", []string{"198.51.100.7"}, "invalid Prefix", "a socket without addresses"},
	}
	for name, c := range cases {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		r.Header.Set("Forwarded", "for=203.0.113.99")
		r.Header.Set("X-Real-Ip", "203.0.113.99")
		if got := trusted.client(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s (%s)", name, got, c.want, c.reason)
		}
	}
}
