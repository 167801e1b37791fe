package mail

import (
	"errors"
	"net/mail"

	"github.com/rollcall-dev/rollcall/internal/address"
)

// errNotAddress repeats nothing: reasons must not hold addresses.
var errNotAddress = errors.New("it is not one bare e-mail address")

// maxAddress is the longest addr-spec that fits a path of RFC 5321, section
// 4.5.3.1.3, in bytes.
const maxAddress = 254

// parseAddress reads a bare addr-spec and gives its domain the form that every
// mail server understands, A-labels.
func parseAddress(spec string) (*mail.Address, error) {
	parsed, err := address.Parse(spec)
	if err != nil || len(parsed.String()) > maxAddress {
		return nil, errNotAddress
	}
	return &mail.Address{Address: parsed.String()}, nil
}

// readable is an address for people, its domain in its own script.
func readable(spec string) string {
	parsed, err := address.Parse(spec)
	if err != nil {
		return spec
	}
	return parsed.Display()
}
