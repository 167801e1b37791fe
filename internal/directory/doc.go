// Package directory holds the words of Rollcall's domain: organizations, units,
// roles, members and invitations, and the contract between the controllers and
// whatever system holds the members.
//
// It depends on the standard library only. It promises names and meanings, not
// behaviour: behaviour lives in the backends, in the ledger and in the
// controllers, and [github.com/rollcall-dev/rollcall/internal/directory/directorytest]
// checks that every backend behaves alike. docs/dev/writing-a-backend.md walks
// through a small one.
package directory
