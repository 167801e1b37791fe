// Package census tells from what is declared who stays in an organization and
// who is to go, for the rails: the controller of one User and that of the
// Organization must mean the same by it.
//
// It looks at objects and a time, and at nothing else. Whether somebody who is
// to go was let go already is in the ledger.
package census
