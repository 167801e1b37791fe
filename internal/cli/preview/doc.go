// Package preview tells what would follow if manifests were applied: which
// objects come, change and go, what Rollcall would then do to people, and which
// rails would stop it.
//
// It is pure, and decides nothing by itself: people are compared by
// internal/plan, as the manager compares them, and rails judged by
// internal/rails. It promises to change nothing that it is given, and that the
// same facts lead to the same [Preview].
//
// It does not know what others do at the same time, and nothing of addresses
// that a batch takes from a ConfigMap or a Secret.
package preview
