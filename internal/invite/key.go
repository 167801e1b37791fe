package invite

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

const (
	// MinKeyBytes is the least that a key may have: as much as the hash gives
	// out (RFC 2104, section 3).
	MinKeyBytes = sha256.Size
	// maxKeyBytes bounds what is read from a file that may not be a key.
	maxKeyBytes = 4096

	redactedKey = "[key]"
)

// Key makes tokens. The zero Key makes none. Formatting or logging a key does
// not reveal it.
type Key struct{ secret []byte }

// NewKey returns a key of the given bytes, of which there are at least
// [MinKeyBytes].
func NewKey(secret []byte) (Key, error) {
	switch {
	case len(secret) < MinKeyBytes:
		return Key{}, fmt.Errorf("an invitation key has at least %d bytes, and this one has %d: make one with `openssl rand -base64 32`",
			MinKeyBytes, len(secret))
	case len(secret) > maxKeyBytes:
		return Key{}, fmt.Errorf("an invitation key has at most %d bytes, and this one has %d", maxKeyBytes, len(secret))
	case bytes.Count(secret, secret[:1]) == len(secret):
		return Key{}, fmt.Errorf("an invitation key is random, and this one is %d times the same byte", len(secret))
	}
	return Key{secret: bytes.Clone(secret)}, nil
}

// ParseKey reads a key from the contents of a file: hexadecimal or base64 (the
// standard or the URL alphabet, padded or not) with any white space around it,
// else the bytes as they are. A text that could be both is the one that is
// tried first, in this order, so a file always means the same key.
func ParseKey(contents []byte) (Key, error) {
	text := bytes.TrimSpace(contents)
	if len(text) == 0 {
		return Key{}, fmt.Errorf("the invitation key is empty: make one with `openssl rand -base64 %d`", MinKeyBytes)
	}
	if raw, err := hex.DecodeString(string(text)); err == nil {
		return NewKey(raw)
	}
	unpadded := string(bytes.TrimRight(text, "="))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(unpadded); err == nil {
			return NewKey(raw)
		}
	}
	return NewKey(contents)
}

// IsZero reports whether this is the zero Key, which makes no tokens.
func (k Key) IsZero() bool { return len(k.secret) == 0 }

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedKey) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (k Key) LogValue() slog.Value { return slog.StringValue(redactedKey) }
