package protocol

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how many redirects within the base URL are followed.
const maxRedirects = 3

// parseBase checks a URL that requests go to and returns it without a slash at its end.
func parseBase(what, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, fmt.Errorf("the %s is not an absolute url, such as https://example.com/scim/v2", what)
	case u.User != nil:
		return nil, fmt.Errorf("the %s must not contain a user or password", what)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("the %s must not have a query or fragment", what)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fmt.Errorf("the %s must begin with https://; http is for loopback hosts only", what)
	case hasDots(u.Path):
		return nil, fmt.Errorf("the %s must not contain . or .. as a segment of its path", what)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// newHTTPClient returns a client that trusts and presents what the options say
// and leaves base neither by redirect nor otherwise.
func newHTTPClient(t TLS, base *url.URL, inFlight int) (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if len(t.CABundle) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(t.CABundle) {
			return nil, fmt.Errorf("the ca bundle contains no pem certificate")
		}
		config.RootCAs = pool
	}
	if len(t.Certificate) > 0 || len(t.Key) > 0 {
		pair, err := tls.X509KeyPair(t.Certificate, t.Key)
		if err != nil {
			// The cause may quote what it could not read.
			return nil, fmt.Errorf("the client certificate and its key do not make a pair of pem blocks")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     config,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: inFlight,
			IdleConnTimeout:     90 * time.Second,
			// A header has no business with being long; bodies have a limit of their own.
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: stayWithin(base),
	}, nil
}

// stayWithin follows redirects of reads that stay with the scheme, the host and
// the base path, and returns any other redirect as the answer, so that
// credentials never leave.
func stayWithin(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		if via[0].Method == http.MethodGet && len(via) <= maxRedirects && within(base, next.URL) {
			return nil
		}
		return http.ErrUseLastResponse
	}
}

// within reports whether the URL is below the base.
func within(base, u *url.URL) bool {
	return u.Scheme == base.Scheme && u.User == nil && sameHost(base, u) && !hasDots(u.Path) &&
		strings.HasPrefix(u.EscapedPath(), base.EscapedPath()+"/")
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// hasDots reports whether a decoded path has . or .. as a segment, which
// somebody in between may resolve.
func hasDots(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
