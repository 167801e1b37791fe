// Package controlplane pins the programs of a Kubernetes control plane, so that tests run against a real one: etcd,
// kube-apiserver, kube-controller-manager and kubectl. It has no code of its own.
//
// It is a module apart because these programs bring some two hundred dependencies at versions of their own choice,
// none of which Rollcall may inherit. Its go.mod is the one place where their versions are written, its go.sum is what
// makes them the same everywhere, and the program in fetch turns both into files.
//
// To move to another Kubernetes release, change the version of k8s.io/kubernetes and of every k8s.io replacement in
// go.mod (v1.36.3 and v0.36.3 are one release), take the list of replaced modules from that release's own go.mod, set
// go.etcd.io/etcd/server/v3 to the version found there, and run "go mod tidy".
package controlplane
