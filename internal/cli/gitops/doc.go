// Package gitops tells who keeps an object: a tool that applies it from Git, and
// would put back what somebody takes away, or nobody.
//
// It goes by the labels and annotations that Flux, Argo CD, Helm, Config Sync
// and cli-utils leave, and by the names of field managers. It asks nobody; a
// tool that leaves no trace is not seen.
package gitops
