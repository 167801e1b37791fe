// Package reference looks up what a spec names, in the object's own namespace,
// and answers in a phase's words when it is not there or not ready yet.
//
// It promises that a missing object is waited for, never an error: manifests may
// be applied in any order.
package reference
