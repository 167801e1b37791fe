// Package phase has the words in which a step of a reconcile answers, and the
// loop that runs steps.
//
// A phase does one thing for one condition. It answers with one of five words:
// [Done], [DoneUntil], [Waiting], [Stalled], [Failed]. What these words mean for
// conditions and requeueing is decided in package status alone; this package
// knows neither any domain nor how to write a status.
package phase
