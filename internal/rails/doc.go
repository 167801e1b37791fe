// Package rails decides what is stopped until somebody approves it: who may be
// removed, disabled or demoted, and when. It is given facts and decides; it does
// no I/O, and knows neither Kubernetes nor a database.
//
// # The removal rail
//
// Few removals (the floor of the limit) go at once. From then on it is seen
// first how many there are: when no more came for a while, all of them go
// together if they are within the limit, and none otherwise. What was stopped
// stays so although the window rolls on: it would trickle away otherwise, a
// floor in every window, and nobody would have been asked.
//
// An approval is for exactly what was seen: its word is made of everybody who
// waits, so that it is another one as soon as one more does.
//
// # What it does not do
//
// It does not count: that the floor holds, however many ask at the same time, is
// the ledger's promise. It does not know who is who: package census does.
package rails
