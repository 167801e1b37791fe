package portal

import (
	"net/http"
	"net/netip"
	"strings"
)

// trustedProxies are the networks whose word on a client's address is taken.
type trustedProxies []netip.Prefix

// client returns the network that a request is counted against: an IPv4
// address, or the /64 of an IPv6 address, because that is the least that one
// customer is given (RFC 6177).
//
// The peer of the connection is the client, unless it is a trusted proxy. Then
// X-Forwarded-For is walked from the right, where the nearest proxy wrote, past
// every trusted hop; the first other address is the client. Whatever stands
// left of it was written by the client and is not looked at. An entry that is
// no address ends the walk at the hop that wrote it.
func (t trustedProxies) client(r *http.Request) netip.Prefix {
	peer, ok := parseHop(r.RemoteAddr)
	if !ok {
		return netip.Prefix{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && t.contains(peer); i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		peer = hop
	}
	return clientNetwork(peer)
}

func (t trustedProxies) contains(addr netip.Addr) bool {
	for _, prefix := range t {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

func clientNetwork(addr netip.Addr) netip.Prefix {
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// parseHop reads an address with or without a port, as proxies write both. An
// IPv4 address in IPv6 clothes is the IPv4 address.
func parseHop(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
