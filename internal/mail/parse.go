package mail

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The keys of a Secret that holds the connection to a mail server. Only KeyHost
// is required. Other keys are ignored, so that a Secret can serve others too.
const (
	// KeyHost is a DNS name or an IP address.
	KeyHost = "host"
	// KeyPort is a number; omitted it follows KeyTLS: 587, 465 or 25.
	KeyPort = "port"
	// KeyTLS is starttls (the default), implicit or none.
	KeyTLS = "tls"
	// KeyUsername and KeyPassword come together, or not at all.
	KeyUsername = "username"
	// KeyPassword comes with KeyUsername.
	KeyPassword = "password"
	// KeyCA holds certificates in PEM that are trusted instead of the system's.
	KeyCA = "ca.crt"
	// KeyHELO is the name to greet with.
	KeyHELO = "helo"
)

// parseTLS reads the word for a mode, and tells the port that goes with it.
func parseTLS(word string) (TLSMode, int, error) {
	switch strings.ToLower(word) {
	case "", "starttls":
		return TLSStart, 587, nil
	case "implicit":
		return TLSImplicit, 465, nil
	case "none":
		return TLSNone, 25, nil
	default:
		return "", 0, fmt.Errorf(`"tls": %q is not one of starttls, implicit, none`, word)
	}
}

// ParseServer reads the data of a Secret. One line end after a value is
// forgiven. Errors name the key that has to be changed and never repeat a
// password.
func ParseServer(data map[string][]byte) (Server, error) {
	value := func(key string) string { return strings.TrimRight(string(data[key]), "\r\n") }
	mode, port, err := parseTLS(value(KeyTLS))
	if err != nil {
		return Server{}, err
	}
	if text := value(KeyPort); text != "" {
		if port, err = strconv.Atoi(text); err != nil {
			return Server{}, fmt.Errorf(`"port": %q is not a number`, text)
		}
	}
	s := Server{
		Host:     value(KeyHost),
		Port:     port,
		TLS:      mode,
		Username: value(KeyUsername),
		Password: value(KeyPassword),
		CABundle: value(KeyCA),
		HELO:     value(KeyHELO),
	}
	return s, s.Validate()
}

// ParseServerURL reads smtp://user@host:587 (STARTTLS), smtps://user@host:465
// (implicit TLS) or smtp://host:25?tls=none, with ?helo=name if wanted. The
// password comes separately, because a URL ends up in process listings and
// logs; one inside the URL is refused. Errors repeat neither.
func ParseServerURL(raw, password string) (Server, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return Server{}, errors.New("the mail server's URL cannot be read; write smtp://user@host:587")
	}
	if _, inside := u.User.Password(); inside {
		return Server{}, errors.New("the mail server's URL must not hold a password; give it separately")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" || u.Opaque != "" {
		return Server{}, errors.New("the mail server's URL is longer than host and port; write smtp://user@host:587")
	}
	data := map[string][]byte{
		KeyHost:     []byte(u.Hostname()),
		KeyPort:     []byte(u.Port()),
		KeyUsername: []byte(u.User.Username()),
		KeyPassword: []byte(password),
	}
	switch u.Scheme {
	case "smtp":
		data[KeyTLS] = []byte("starttls")
	case "smtps":
		data[KeyTLS] = []byte("implicit")
	default:
		return Server{}, fmt.Errorf("the mail server's URL has the scheme %q; use smtp or smtps", u.Scheme)
	}
	if err := addParameters(data, u.Query()); err != nil {
		return Server{}, err
	}
	s, err := ParseServer(data)
	switch {
	case err != nil:
		return Server{}, fmt.Errorf("the mail server's URL: %w", err)
	case u.Scheme == "smtps" && s.TLS != TLSImplicit:
		return Server{}, errors.New("the mail server's URL: smtps and tls contradict each other")
	}
	return s, nil
}

func addParameters(data map[string][]byte, parameters url.Values) error {
	for key, values := range parameters {
		if key != KeyTLS && key != KeyHELO {
			return fmt.Errorf("the mail server's URL has the unknown parameter %q; there are tls and helo", key)
		}
		data[key] = []byte(values[0])
	}
	return nil
}
