// Command kubectl-rollcall is a plug-in of kubectl: with it on the PATH,
// kubectl rollcall invites people, shows where they stand, and tells what a
// change of manifests would do.
//
// Nothing is decided here: internal/cli has the verbs, so that tests run what
// users run.
package main
