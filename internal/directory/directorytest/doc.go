// Package directorytest holds the conformance suite that every
// [directory.Backend] passes, and a backend in memory for the tests of whoever
// uses one.
//
// The suite ([Run]) turns each sentence of the contract into a check that looks
// at state only: what a call returned, what is observed afterwards, and, where
// the fixture can count them, whether a repeated call wrote anything. It needs
// no sleeping and no order between checks; each check gets a fixture of its own.
// A [Fixture] needs two hooks; each other one adds checks. What the backend says
// that it cannot do is not asked of it: that it refuses is.
//
// [RunFaults] plays stories on a way that breaks, at every request and in every
// way that package wirefault names, and wants the same end every time.
//
// [Memory] keeps members in maps and can be told to fail, to lose a reply, to
// hold a call back, to list incompletely, to lack abilities, and to have had
// people before us. It passes the suite itself, so a test against it says
// something about the backends that do. [Admissions] is what a backend needs
// whose system knows only active people.
//
// The suite itself is tested: for each check there is a backend that breaks its
// rule, and must be found, and so there is for what only faults reveal.
//
// The suite does not check how fast a backend is, nor what no method can
// observe, such as mails. Production code never imports this package.
package directorytest
