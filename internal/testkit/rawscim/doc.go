// Package rawscim is a SCIM client for tests that hides nothing: it sends what a
// test says and shows what came back, status, header and body. Tests of service
// providers speak with it, and tests of our own client use it as the system's
// other administrator, on providers whose store cannot be reached otherwise.
//
// It follows no redirect, repeats nothing and understands nothing. Nothing but
// tests may import it.
package rawscim
