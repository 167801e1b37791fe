// Package user makes a person's membership match their User: known to the
// backend, with the declared access, invited once, and out again when the User
// is deleted.
//
// A reconcile gathers facts and acts in phases, each for one condition:
// resolve (ReferencesResolved), identity (Provisioned), access (AccessApplied),
// invitation (Invited, and Pending and Accepted beside it). Everything that
// must happen once happens in the ledger and the backend, under keys that are
// a function of organization and address; nothing here depends on the status
// written before.
//
// It does not send mail and does not take acceptances: the outbox and the
// portal do, and tell about it through the changes feed.
package user
