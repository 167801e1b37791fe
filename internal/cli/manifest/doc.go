// Package manifest reads Kubernetes manifests from files and folders, and
// writes those of our kinds.
//
// It promises that every document is read or a [Problem] says which was not and
// why, with file and line; and that what it writes is a function of the
// objects: sorted fields, no status, and nothing that the API server fills in.
//
// It does not render kustomizations or charts, and does not judge what it
// reads; package lint does.
package manifest
