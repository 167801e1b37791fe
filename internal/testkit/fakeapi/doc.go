// Package fakeapi is a Kubernetes API in memory for programs that people run
// against one, such as a plug-in of kubectl.
//
// It promises server-side apply with field managers, dry runs, merge patches,
// preconditions and watches. It has no schemas, defaults or CEL rules, and
// nobody works behind it: an object's status is what a test writes. What
// controllers need, with faults and a ledger, is in testkit/stage.
package fakeapi
