package protocol

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
)

// BasicCredentials authorize with a user name and a password (RFC 7617).
type BasicCredentials struct{ Username, Password string }

func (c BasicCredentials) bind(binding) (credentials, error) {
	switch {
	case c.Username == "" || c.Password == "":
		return nil, errors.New("the user name or the password is empty")
	case strings.Contains(c.Username, ":"):
		return nil, errors.New("the user name contains a colon, which ends it (RFC 7617 section 2)")
	case strings.ContainsFunc(c.Username+c.Password, unicode.IsControl):
		return nil, errors.New("the user name or the password contains control characters")
	}
	return fixedHeader("Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+c.Password))), nil
}

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (c BasicCredentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (c BasicCredentials) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements [encoding.TextMarshaler] and reveals nothing.
func (c BasicCredentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }
