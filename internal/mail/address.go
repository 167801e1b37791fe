package mail

import (
	"errors"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// maxAddress is the longest addr-spec that fits a path of RFC 5321, section
// 4.5.3.1.3, in bytes.
const maxAddress = 254

// parseAddress reads a bare addr-spec and gives its domain the form that every
// mail server understands (A-labels, RFC 5891). Errors do not repeat it.
func parseAddress(spec string) (*mail.Address, error) {
	if strings.ContainsFunc(spec, func(r rune) bool { return r < ' ' || r == 0x7f || isInvisible(r) }) {
		return nil, errors.New("it contains control characters")
	}
	if strings.ContainsAny(spec, "<>()") {
		return nil, errors.New("it is not a bare address")
	}
	parsed, err := mail.ParseAddress(spec)
	if err != nil || parsed.Name != "" {
		return nil, errors.New("it is not an address")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	domain, err := idna.Lookup.ToASCII(parsed.Address[at+1:])
	if err != nil || domain == "" {
		return nil, errors.New("its domain is not a domain name")
	}
	parsed.Address = parsed.Address[:at+1] + domain
	if len(parsed.Address) > maxAddress {
		return nil, errors.New("it is too long")
	}
	return parsed, nil
}

// spec writes an address as an addr-spec, with the local part quoted where RFC
// 5321 wants it.
func spec(a *mail.Address) string {
	bare := mail.Address{Address: a.Address}
	return strings.TrimSuffix(strings.TrimPrefix(bare.String(), "<"), ">")
}
