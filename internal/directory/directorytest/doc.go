// Package directorytest holds the conformance suite that every
// [directory.Backend] passes, and a backend in memory for the tests of whoever
// uses one.
//
// The suite ([Run]) turns each sentence of the contract into a check that looks
// at state only: what a call returned, what is observed afterwards, and, where
// the fixture can count them, whether a repeated call wrote anything. It needs
// no sleeping and no order between checks; each check gets a fixture of its own.
//
// [Memory] keeps members in maps and can be told to fail, to lose a reply, to
// hold a call back, or to list incompletely. It passes the suite itself, so a
// test against it says something about the backends that do.
//
// The suite does not check how fast a backend is, nor what no method can
// observe, such as mails. Production code never imports this package.
package directorytest
