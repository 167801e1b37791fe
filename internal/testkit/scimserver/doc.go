// Package scimserver is a SCIM 2.0 service provider for tests: real HTTP on
// loopback, a store in memory, and on request the habits of providers that one
// meets in the field.
//
// Parsing, validation against the schemas, discovery and error bodies are those
// of github.com/elimity-com/scim. Around it stand, because the library has
// none of it, filters on multi-valued attributes, PATCH that knows extensions and
// members, attributes and excludedAttributes, entity tags, bulk requests, the
// cursors of RFC 9865, credentials, and every field of [Quirks]. Without quirks
// it is a provider by the book (RFC 7643, RFC 7644), and where the book leaves a
// choice it takes the one that punishes a careless client: "remove" of members
// with a value and no filter empties the group, as RFC 7644 section 3.5.2.2 has it.
//
// It promises that a group's members and its users' "groups" always agree, that
// a request is applied whole or not at all, and that [Server.Requests] tells
// every request to the SCIM endpoints in the order of their arrival, refused ones
// included. Methods of [Server] that read or change the store are the system's
// own console: they are no requests, check nothing, and so can make what a
// client must survive, such as two users with one externalId.
//
// It does not persist, does not sort, knows no /Me and no .search, and is no
// product: nothing but tests may import it.
package scimserver
