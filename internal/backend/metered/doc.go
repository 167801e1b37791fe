// Package metered measures how long a backend takes, by operation and by what
// came of it.
//
// It promises that a backend that is measured behaves as it did: it passes
// directorytest when that does, and it has exactly the optional abilities that
// it had. The labels are the type of the backend, the method and the kind of
// the error, so that their number is bounded whatever is in the backend.
//
// It does not retry, limit or cache anything.
package metered
