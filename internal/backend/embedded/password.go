package embedded

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	saltBytes = 16
	keyBytes  = 32
	// maxPassword bounds what is hashed, in bytes; the portal's policy is 128
	// characters.
	maxPassword = 2048
	// maxMemoryKiB and maxPasses bound what a stored hash can make us do.
	maxMemoryKiB = 1 << 20
	maxPasses    = 100
)

// cost is how hard a password is to hash.
type cost struct {
	memoryKiB, passes uint32
	lanes             uint8
}

// String returns the parameters as a PHC string holds them.
func (c cost) String() string { return fmt.Sprintf("m=%d,t=%d,p=%d", c.memoryKiB, c.passes, c.lanes) }

// strength is the cost of new hashes: the second recommendation of the OWASP
// Password Storage Cheat Sheet for argon2id. When it rises, a stored hash is
// made anew the next time its owner signs in.
func strength() cost { return cost{memoryKiB: 19456, passes: 2, lanes: 1} }

// hasher hashes passwords, only so many at once: each takes memory, and whoever
// knocks often must not take all of it.
type hasher struct {
	rand  io.Reader
	slots chan struct{}
	cost  cost
	// kdf is argon2id, except in tests that count or spare its work.
	kdf func(password, salt []byte, c cost) []byte
	// decoy is what nobody's password hashes to: it makes refusing an unknown
	// address as much work as refusing a wrong password.
	decoy secretHash
}

// secretHash is a stored password: PHC string format,
// github.com/P-H-C/phc-string-format.
type secretHash struct {
	cost      cost
	salt, key []byte
}

func newHasher(rand io.Reader, concurrency int, c cost) (*hasher, error) {
	h := &hasher{rand: rand, slots: make(chan struct{}, concurrency), cost: c, kdf: argon2id}
	noise := make([]byte, saltBytes+keyBytes)
	if _, err := io.ReadFull(rand, noise); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	h.decoy = secretHash{cost: c, salt: noise[:saltBytes], key: noise[saltBytes:]}
	return h, nil
}

// hash returns the PHC string of a password. KindUnavailable when the context
// ends before it is its turn.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	s := secretHash{cost: h.cost, salt: make([]byte, saltBytes)}
	if _, err := io.ReadFull(h.rand, s.salt); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	var err error
	if s.key, err = h.derive(ctx, password, s); err != nil {
		return "", err
	}
	return s.String(), nil
}

// verify reports whether the password is the one that was stored. An empty text
// is nobody's hash: that takes as long, and is false.
func (h *hasher) verify(ctx context.Context, stored, password string) (bool, error) {
	s := h.decoy
	if stored != "" {
		var err error
		if s, err = parseHash(stored); err != nil {
			return false, err
		}
	}
	key, err := h.derive(ctx, password, s)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, s.key) == 1 && stored != "", nil
}

// weak reports whether a stored hash was cheaper than new ones are.
func (h *hasher) weak(stored string) bool {
	s, err := parseHash(stored)
	return err == nil && (s.cost.memoryKiB < h.cost.memoryKiB || s.cost.passes < h.cost.passes)
}

// derive waits for a slot and does the work.
func (h *hasher) derive(ctx context.Context, password string, s secretHash) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, directory.Errorf(directory.KindUnavailable, "hash a password", "%w", context.Cause(ctx))
	}
	defer func() { <-h.slots }()
	return h.kdf([]byte(password), s.salt, s.cost), nil
}

func argon2id(password, salt []byte, c cost) []byte {
	return argon2.IDKey(password, salt, c.passes, c.memoryKiB, c.lanes, keyBytes)
}

// String returns the PHC string.
func (s secretHash) String() string {
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, s.cost, encode(s.salt), encode(s.key))
}

// parseHash reads what [secretHash.String] wrote. Its error repeats nothing of it.
func parseHash(text string) (secretHash, error) {
	broken := errors.New("a stored password hash is not one of ours")
	parts := strings.Split(text, "$")
	if len(parts) != 6 {
		return secretHash{}, broken
	}
	var s secretHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.cost.memoryKiB, &s.cost.passes, &s.cost.lanes); err != nil {
		return secretHash{}, broken
	}
	var errSalt, errKey error
	s.salt, errSalt = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	s.key, errKey = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	c := s.cost
	switch {
	case errSalt != nil, errKey != nil, len(s.key) != keyBytes, len(s.salt) == 0,
		c.passes < 1, c.passes > maxPasses, c.lanes < 1, c.memoryKiB < 1, c.memoryKiB > maxMemoryKiB,
		s.String() != text:
		return secretHash{}, broken
	}
	return s, nil
}
