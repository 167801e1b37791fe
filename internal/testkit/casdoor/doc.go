// Package casdoor starts Casdoor v1.1000.0 for tests: a real identity server whose
// SCIM endpoints are a bad citizen. "make casdoor" builds it into bin/casdoor.
//
// [Start] promises a Casdoor of its own, on SQLite in a directory of the test,
// with the organization [Organization] and the credentials that [Server] tells,
// that has answered once and ends with the test; on Linux the kernel ends it with
// the test binary, however that ends. It listens on all interfaces and kills who
// holds its port, so that it runs in a network and a process table of its own; the
// command launch, below, lets tests in at a free port of 127.0.0.1. Where bin/casdoor
// is missing or no namespaces can be made the test is skipped, and fails where
// REQUIRE_CASDOOR is 1. The administrator that Casdoor ships with the password 123
// has a random one before Casdoor listens.
//
// # What its SCIM endpoints do
//
// All of this was observed, and habits_test.go holds it down.
//
// Credentials. Without a token, or with a wrong one, every request is answered with
// status 200, Content-Type application/json, and {"status": "error", "msg": …},
// writes included; nothing is done. A bearer token must belong to a user who is an
// administrator of an organization, or anybody of "built-in". Basic authentication
// with the id and secret of an application is answered the same way, unless the
// parameter userId names such a user; so is a token of the grant
// client_credentials, unless the organization has a user with the application's
// name, as it has here.
//
// Discovery. ServiceProviderConfig offers PATCH and nothing else, and no
// authenticationSchemes. There is one resource type, User; /Groups is answered with
// 404, as are /Bulk and all else. The schema of users has userName, externalId,
// password, displayName, profileUrl, userType, name, emails, phoneNumbers, photos
// and addresses; the enterprise extension has organization only, and no user can be
// made without it: that is answered with 500, as is an organization that does not
// exist. Attributes outside of the schema, active among them, are ignored by POST
// and PUT. Answers tell them nonetheless: active, nickName, name.formatted.
//
// Listings. They are of all organizations, Casdoor's own administrator included,
// the newest users first. startIndex begins at 1 and count is at most 100, but
// totalResults is the number of resources on the page; with count=0 alone it is the
// number of all users, and Resources is null. Filters are ignored: every valid
// one is answered with everybody. One that is malformed, or on an attribute
// outside of the schema such as active or id, is answered with 400 invalidFilter.
// attributes and excludedAttributes are ignored.
//
// Writing. POST of a userName that the organization has is answered with 409
// uniqueness; letters' case counts, so that "ADA" may stand beside "ada".
// externalIds and emails may come twice. A user has one email, without type and
// primary: the first. PUT replaces what the schema knows, except externalId, which
// nothing changes after POST; the answers to PUT and PATCH tell the new one all the
// same. The answer to PUT has only what was sent. meta.location is relative,
// "Users/<id>". DELETE removes the user, 204, and 404 the next time; the last way to
// lock somebody out, because active cannot be written.
//
// PATCH. "add" is "replace". A path outside of the schema, active among them, or
// with a filter in it is answered with 400 invalidPath; an operation without a path
// with 500, "invalid memory address or nil pointer dereference". userName can be
// changed.
package casdoor
