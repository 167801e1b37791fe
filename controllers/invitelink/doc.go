// Package invitelink publishes a link by which many people can join, and turns
// everybody who joins into a User.
//
// Phases: resolve (ReferencesResolved), publish (Published, and Open beside it).
// The portal takes the wish of whoever follows the link, and holds neither the
// key of links nor rights in Kubernetes; this controller hears of it through the
// changes feed, and has the ledger mail the person a confirmation. Whoever
// confirmed is counted by the ledger in the transaction that lets them in, so
// that never more join than may; the User follows.
//
// It does not invite, let in or remove anybody: a User that it made is an
// ordinary one, without an owner, and stays when the InviteLink goes. It makes
// one once; a User that somebody deletes does not come back.
package invitelink
