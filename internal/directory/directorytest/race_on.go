//go:build race

package directorytest

// shares is how many shares the plays of [RunFaults] are divided into, of which
// one is played: looking for data races takes several times as long.
const shares = manyShares
