package invite

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const (
	// tokenBytes is the size of a token before it is encoded: 256 bits cannot
	// be guessed at any rate that a server answers.
	tokenBytes = sha256.Size
	// tokenChars is the length of an encoded token.
	tokenChars = 43
	// tokenDomain separates our use of the key from any other use of it. It
	// carries a version: a different construction gets a different one.
	tokenDomain = "rollcall invitation token v1"

	redactedToken = "[token]"
)

// ErrMalformedToken says that a text cannot be a token. It is the same for all
// texts, and carries none of them.
var ErrMalformedToken = errors.New("not an invitation token")

// Token is the secret part of an invitation's link: 32 bytes in unpadded
// base64url, 43 characters. Formatting or logging one does not reveal it;
// convert it with string(t) where the secret itself is meant.
type Token string

// ParseToken returns the token that the text is, or [ErrMalformedToken].
func ParseToken(text string) (Token, error) {
	if len(text) != tokenChars {
		return "", ErrMalformedToken
	}
	// Strict, because otherwise four texts that differ in their unused bits
	// would be one token. The decoder skips line breaks; a text of 43 characters
	// that has some decodes to fewer bytes.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != tokenBytes {
		return "", ErrMalformedToken
	}
	return Token(text), nil
}

// Hash returns the SHA-256 of the token in hex: what a database may hold. A
// plain hash is enough, because a token has too much entropy to be searched for.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t))
	return hex.EncodeToString(sum[:])
}

// Equal compares in a time that does not depend on where the tokens differ.
func (t Token) Equal(other Token) bool {
	return subtle.ConstantTimeCompare([]byte(t), []byte(other)) == 1
}

// Format implements [fmt.Formatter] and reveals nothing under any verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedToken) }

// LogValue implements [slog.LogValuer] and reveals nothing.
func (t Token) LogValue() slog.Value { return slog.StringValue(redactedToken) }

// Token makes the token of one revision of an invitation. It is a pure function
// of the key and its arguments. The zero Key makes none and panics: a token
// that anybody can make must never leave the process.
func (k Key) Token(invitationID string, revision int64, nonce Nonce) Token {
	if k.IsZero() {
		panic("invite: a token was asked of the zero key")
	}
	mac := hmac.New(sha256.New, k.secret)
	for _, part := range [][]byte{[]byte(tokenDomain), []byte(invitationID), nonce[:]} {
		// Lengths come first so that no two lists of parts are the same text.
		_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		_, _ = mac.Write(part)
	}
	_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(revision)))
	return Token(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}
