//go:build !race

package directorytest

// shares is how many shares the plays of [RunFaults] are divided into, of which
// one is played.
const shares = 1
