package invite

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// nonceBytes makes a nonce as hard to guess as the token that it goes into, so
// that the key alone is worth nothing.
const nonceBytes = 32

// Nonce is the random part of a token. It is stored beside the token's hash.
type Nonce [nonceBytes]byte

// NewNonce reads a nonce from a source of random bytes.
func NewNonce(rand io.Reader) (Nonce, error) {
	var n Nonce
	if _, err := io.ReadFull(rand, n[:]); err != nil {
		return Nonce{}, fmt.Errorf("read random bytes for a nonce: %w", err)
	}
	return n, nil
}

// ParseNonce reads what [Nonce.Encode] wrote.
func ParseNonce(text string) (Nonce, error) {
	var n Nonce
	if hex.DecodedLen(len(text)) != nonceBytes {
		return Nonce{}, errors.New("a stored nonce has the wrong length")
	}
	if _, err := hex.Decode(n[:], []byte(text)); err != nil {
		return Nonce{}, errors.New("a stored nonce is not hexadecimal")
	}
	return n, nil
}

// Encode returns the nonce in hex, for storing.
func (n Nonce) Encode() string { return hex.EncodeToString(n[:]) }
