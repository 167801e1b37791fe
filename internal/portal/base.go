package portal

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// base is the portal's own address, as configured. It is the only source of
// links, of the cookie's scope and of what counts as the same origin.
type base struct {
	// host is lower-case, with the port unless it is the scheme's own.
	host string
	// origin is scheme://host, as a browser writes it in the Origin header.
	origin string
	// secure is true for https.
	secure bool
}

func parseBase(raw string) (base, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The parser's error repeats the input, which may hold credentials.
		return base{}, fmt.Errorf("base URL must be scheme and host, such as https://people.example.com")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return base{}, fmt.Errorf("base URL must be scheme and host, such as https://people.example.com")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "", u.User != nil:
		return base{}, fmt.Errorf("base URL of host %q must have no path, query, fragment or credentials", u.Host)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return base{}, fmt.Errorf("base URL of host %q must be https; http is for a loopback host only", u.Host)
	}
	host := canonicalHost(u.Host, u.Scheme)
	return base{host: host, origin: u.Scheme + "://" + host, secure: u.Scheme == "https"}, nil
}

// isHost tells whether a Host header means this portal.
func (b base) isHost(host string) bool {
	scheme, _, _ := strings.Cut(b.origin, ":")
	return canonicalHost(host, scheme) == b.host
}

// canonicalHost lower-cases, and drops the scheme's default port, as the URL
// standard has browsers do in Host and Origin.
func canonicalHost(host, scheme string) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if port == "" || port == "443" && scheme == "https" || port == "80" && scheme == "http" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return host
}

// loopback tells whether a host is this machine by definition (RFC 6761
// section 6.3, RFC 1122 section 3.2.1.3), which is where browsers treat plain
// http as trustworthy.
func loopback(name string) bool {
	name = strings.ToLower(name)
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}
