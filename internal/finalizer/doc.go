// Package finalizer adds and removes our finalizer with patches that fail
// rather than overwrite what somebody else changed meanwhile.
package finalizer
