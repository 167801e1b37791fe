// Package role makes a role known to its organization's backend, with all
// permissions that it gives, and counts the people who have it.
//
// Phases: resolve (ReferencesResolved), provision (Provisioned). Deleting a Role
// removes it and every grant of it, unless its Organization is gone or going:
// then nothing is removed. Users that still name it wait for it, and keep
// everything else.
package role
