// Package tally exports, as metrics, how many invitations and mails stand
// where. docs/metrics.md describes each.
//
// It promises that a scrape asks the database at most once in fifteen seconds,
// however many scrape; that it waits for five seconds at most; and that a
// database that does not answer costs these metrics only: what was counted
// before is not told again, and a counter of failures rises.
//
// It has no labels that grow with organizations or people. It does not count
// what happens in between: events are counted where they happen.
package tally
