// Package example is a [directory.Backend] written to be read: it keeps the
// members of one organization in Roster, a small service over HTTP and JSON that
// does not exist. docs/dev/writing-a-backend.md walks through it. Rollcall does
// not use it; a new backend may begin as a copy of this folder.
//
// Roster knows people, each with an e-mail address, a name, a title, a list of
// teams, and whether they are active, and teams, each with a key and a title:
//
//	GET    /people?email=E            who has the address
//	GET    /people?after=ID&limit=N   a page, in the order of ids
//	POST   /people                    409 "email taken"
//	PATCH  /people/ID                 what is given; If-Match names the version
//	DELETE /people/ID
//	GET    /teams
//	PUT    /teams/KEY                 creates or changes
//	DELETE /teams/KEY                 takes everybody out
//
// # What it promises
//
// It passes directorytest against a Roster that behaves so, also with a fault at
// every request. It makes no request but to the host that it is given.
//
// # What it does not promise
//
// It has no roles, no units below units, and keeps two fields of a profile. It
// cannot change addresses, so somebody with another address is somebody else. It
// limits nothing: how many requests are made at once is the caller's to decide.
package example
