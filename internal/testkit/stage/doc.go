// Package stage is where one controller is tried alone: an API server that keeps
// objects in memory, the in-memory backend of package directorytest, a real
// ledger on an SQLite file of its own, a clock that stands still, and a recorder
// of events.
//
// It promises that
//   - everything that a controller asks of the world can be made to fail: see
//     [Stage.FailAPI], [directorytest.Memory.Inject] and [Inviter.Inject];
//   - everything that a controller writes to the API is told: see [Stage.Writes];
//   - every status that is written passes package statustest, or the test fails;
//   - objects have uid, generation, creationTimestamp and resourceVersion as a
//     real API server gives them, and a write under an old one conflicts.
//
// It does not validate, fill in defaults, or collect garbage: what depends on
// these is tried on a real control plane. Nothing reconciles by itself: a test
// says when, and no test waits.
package stage
