package embedded

// Cost is how hard a password is to hash.
type Cost = cost

// Argon2id is what passwords are hashed with outside of tests.
func Argon2id(password, salt []byte, c Cost) []byte { return argon2id(password, salt, c) }

// WithKDF has the backend hash with another function.
func (b *Backend) WithKDF(kdf func(password, salt []byte, c Cost) []byte) *Backend {
	b.hasher.kdf = kdf
	return b
}

// WithCost has the backend hash as hard as this.
func (b *Backend) WithCost(memoryKiB, passes uint32) *Backend {
	b.hasher.cost = cost{memoryKiB: memoryKiB, passes: passes, lanes: 1}
	return b
}
