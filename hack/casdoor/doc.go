// Package casdoor pins Casdoor, an identity server whose SCIM endpoints are a bad
// citizen, so that tests run against a real one; internal/testkit/casdoor says what
// they are like, and starts it. It has no code of its own.
//
// It is a module apart because Casdoor brings some two hundred dependencies, none of
// which Rollcall may inherit. "make casdoor" builds it into bin/casdoor, again only
// when go.mod or go.sum changed, and only where it can run: it listens on all
// interfaces and kills whoever holds its port, so that it gets a network and a
// process table of its own.
//
// To move it, change its version in go.mod, run "go mod tidy" here and
// "make casdoor" above, and look at what the tests of internal/testkit/casdoor say
// about its habits.
package casdoor
