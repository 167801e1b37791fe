// Package status turns the answers of phases into conditions, and writes them:
// it is the only place that writes a status and the only mapping from an
// outcome to a requeue.
//
// It promises that what it writes follows the rules of kstatus at every moment:
// never Ready and Stalled, never Reconciling and Stalled, observedGeneration
// never above generation; that an unchanged status is not written; and that a
// conflict with another writer is never shown to anybody. Package statustest
// checks the first of these promises from outside.
//
// It does not decide anything about a domain.
package status
