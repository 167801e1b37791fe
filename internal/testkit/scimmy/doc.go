// Package scimmy starts a SCIM 2.0 service provider for tests that is somebody
// else's reading of the RFCs: hack/scimmy/server.mjs on scimmy and scimmy-routers,
// run by node. "make scimmy" installs what it needs into bin/scimmy.
//
// [Start] promises a server of its own on a free port of 127.0.0.1, with an empty
// store and a random bearer token, that has answered once and ends with the test;
// on Linux the kernel ends it with the test binary, however that ends. Without
// node or bin/scimmy the test is skipped, and fails where REQUIRE_SCIMMY is 1.
//
// What was observed of scimmy 1.3.5, beyond the RFCs or against them, is in
// habits_test.go: filters on userName mind the case while uniqueness here does
// not; a filter that is none is answered with 500; an extension's attributes
// cannot be filtered by; a PATCH that changes nothing is answered with 204; a
// member leaves a group by filter and by value alike; a page has 20 entries unless
// asked for more; adding a member again makes one of it.
package scimmy
