// Package identitybackend tells whether the system that an IdentityBackend
// stands for can be reached and takes our credentials, what it can do, and what
// the last listings of its members showed.
//
// It changes nothing in that system, and lists nobody there: what Organizations
// have listed stands in their statuses, and is summed up here. So a listing of
// an unchanged world costs a write for the Organization and one for the
// IdentityBackend, however many members it has.
package identitybackend
