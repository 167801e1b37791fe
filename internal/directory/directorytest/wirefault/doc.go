// Package wirefault has the words for what can go wrong between a backend and
// the system that it speaks to: the faults that the conformance suite puts
// between any two of their requests.
//
// It breaks nothing itself; internal/testkit/faultproxy does, for HTTP.
package wirefault
