// Package businessunit makes a unit known to its organization's backend, below
// its parent, and counts the people in it.
//
// Phases: resolve (ReferencesResolved), provision (Provisioned). Deleting a
// BusinessUnit removes the unit and every membership and grant in it, unless its
// Organization is gone or going: then nothing is removed. Users that still name
// it wait for it, and keep everything else.
package businessunit
