// Package embedded is the [directory.Backend] that needs no other system: it
// keeps organizations, units, roles and members in Rollcall's own database, and
// lets people accept invitations and sign in with a password.
//
// # What it promises
//
//   - It passes directorytest on SQLite and on PostgreSQL, with any number of
//     processes at work on one database.
//   - A call that has nothing to change begins no write transaction.
//   - Accepting is one transaction: the link is redeemed, the person is in, and
//     the password is set, or none of it. A disabled person does not get in, and
//     the link stays as it was.
//   - Somebody who joins by a shareable link becomes a member in the transaction
//     that takes a use of it: never more get in than may.
//   - Passwords are stored as argon2id hashes, and hashed outside of
//     transactions, only so many at once.
//   - Unknown address, wrong password and not being in are one answer, after the
//     same work.
//   - Sessions are random, stored as hashes, and void twelve hours after signing
//     in, and as soon as the member is disabled, dropped or has a new password.
//
// # What it does not promise
//
// It does not judge or normalize passwords, count failed attempts or slow down
// guessing: the portal does. After the cost of hashing has risen, the time of a
// refusal tells who has not signed in since. It sends nothing. It does not check
// that units have no cycles; nothing here walks up their parents.
package embedded
