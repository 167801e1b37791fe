// Package verdict is the one table that says what an error of a backend, the
// ledger or the API server means for an object: which reason its condition
// gets, what its owner is told, and whether and when it is tried again.
//
// It promises that a network error never becomes final. It decides nothing else.
package verdict
