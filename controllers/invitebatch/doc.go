// Package invitebatch turns a list of addresses into Users, one per address,
// and says for every entry what became of it.
//
// Phases: resolve (ReferencesResolved), expand (Expanded). The Users are
// ordinary ones: inviting them is package user's matter. A list of any size is
// expanded a portion at a time, so that no reconcile is long.
package invitebatch
