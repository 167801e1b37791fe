package embedded

// KDF is how tests spare or count the work of hashing.
type KDF func(password, salt []byte, passes, memoryKiB uint32, lanes uint8, length uint32) []byte

// WithKDF has the backend hash with another function.
func (b *Backend) WithKDF(kdf KDF) *Backend {
	b.hasher.kdf = kdf
	return b
}

// WithCost has the backend hash as hard as this.
func (b *Backend) WithCost(memoryKiB, passes uint32) *Backend {
	b.hasher.cost = cost{memoryKiB: memoryKiB, passes: passes, lanes: 1}
	return b
}
