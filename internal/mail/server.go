package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// TLSMode says how a connection is protected.
type TLSMode string

const (
	// TLSStart upgrades a plain connection before anything is said on it (RFC
	// 3207). It is never skipped: a server that does not offer it is not used.
	TLSStart TLSMode = "STARTTLS"
	// TLSImplicit speaks TLS from the first byte (RFC 8314, section 3).
	TLSImplicit TLSMode = "Implicit"
	// TLSNone does not encrypt. It is for relays on the same host or a trusted
	// network.
	TLSNone TLSMode = "None"
)

// Server says how to reach a mail server and as whom. It is comparable: two
// equal ones can share a connection.
type Server struct {
	// Host is a DNS name or an IP address; the certificate must be for it.
	Host string
	// Port is 1 to 65535.
	Port int
	// TLS is one of the three modes; there is no default.
	TLS TLSMode
	// Username and Password sign in with PLAIN or LOGIN; an empty Username
	// means not to. They are sent over TLS or to a loopback address only.
	Username string
	Password string
	// CABundle holds the certificates in PEM that are trusted instead of those
	// of the system; empty means the system's.
	CABundle string
	// HELO is the name to greet with; empty means the address literal of our
	// end of the connection (RFC 5321, section 4.1.4).
	HELO string
}

// Validate returns what is wrong with s, naming the key of a mail Secret that
// has to be changed, and nil when nothing is. It does no I/O. It never repeats
// a password.
func (s Server) Validate() error {
	switch {
	case s.Host == "":
		return errors.New(`"host" is missing: set it to the name of the mail server`)
	case !isHost(s.Host):
		return fmt.Errorf(`"host": %q is not a DNS name or an IP address`, s.Host)
	case s.Port < 1 || s.Port > 65535:
		return fmt.Errorf(`"port": %d is not between 1 and 65535`, s.Port)
	case s.HELO != "" && !isHost(strings.Trim(s.HELO, "[]")):
		return fmt.Errorf(`"helo": %q is not a DNS name or an address literal`, s.HELO)
	}
	if err := s.validateLogin(); err != nil {
		return err
	}
	if s.CABundle != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(s.CABundle)) {
		return errors.New(`"ca.crt" holds no certificate in PEM`)
	}
	return nil
}

func (s Server) validateLogin() error {
	switch s.TLS {
	case TLSStart, TLSImplicit:
	case TLSNone:
		if s.Username != "" && !isLoopback(s.Host) {
			return errors.New(`"tls": a password is not sent unencrypted; use starttls or implicit, or leave out "username"`)
		}
	default:
		return fmt.Errorf(`"tls": %q is not one of starttls, implicit, none`, string(s.TLS))
	}
	switch {
	case s.Username == "" && s.Password != "":
		return errors.New(`"username" is missing: there is a "password"`)
	case s.Username != "" && s.Password == "":
		return errors.New(`"password" is missing: there is a "username"`)
	case strings.ContainsAny(s.Username+s.Password, "\x00\r\n"):
		return errors.New(`"username" and "password" must be one line each`)
	}
	return nil
}

// address is what to dial.
func (s Server) address() string {
	return net.JoinHostPort(strings.Trim(s.Host, "[]"), strconv.Itoa(s.Port))
}

func isHost(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		alphanumeric := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !alphanumeric && r != '-' && r != '.' && r != '_'
	})
}

// isLoopback is about what can be told from the name; what a name resolves to
// is looked at again once the connection stands.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
