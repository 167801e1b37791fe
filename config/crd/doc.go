// Package crd holds the CustomResourceDefinitions of our kinds for programs that
// judge manifests without a cluster.
//
// It promises the very files that are installed. It does not parse them.
package crd
