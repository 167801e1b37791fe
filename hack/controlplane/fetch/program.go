package main

import (
	"runtime"
	"strings"
)

// A program is one executable of the control plane.
type program struct {
	name string // file name in the output folder
	pkg  string // import path of its main package, a tool in go.mod
}

// programs lists the control plane in the order in which it is built.
func programs() []program {
	return []program{
		{name: "etcd", pkg: "go.etcd.io/etcd/server/v3"},
		{name: "kube-apiserver", pkg: "k8s.io/kubernetes/cmd/kube-apiserver"},
		{name: "kube-controller-manager", pkg: "k8s.io/kubernetes/cmd/kube-controller-manager"},
		{name: "kubectl", pkg: "k8s.io/kubernetes/cmd/kubectl"},
	}
}

// buildArgs returns the arguments to the go command that build p into file.
func buildArgs(p program, v pins, file string) []string {
	return []string{
		"build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false",
		"-ldflags", strings.Join(linkFlags(v), " "), "-o", file, p.pkg,
	}
}

// linkFlags leaves out symbol tables and sets the variables that Kubernetes' own build sets (hack/lib/version.sh
// there). Without them every program calls itself v0.0.0-master, and clients refuse the server's version.
func linkFlags(v pins) []string {
	major, minor, _ := strings.Cut(v.minor, ".")
	flags := []string{"-s", "-w"}
	for _, pkg := range []string{"k8s.io/client-go/pkg/version", "k8s.io/component-base/version"} {
		flags = append(flags,
			"-X", pkg+".gitVersion="+v.kubernetes,
			"-X", pkg+".gitMajor="+major,
			"-X", pkg+".gitMinor="+minor,
		)
	}
	return flags
}

// recipe is everything beside the module files that decides what the programs look like.
func recipe() string {
	parts := []string{runtime.GOOS, runtime.GOARCH}
	for _, p := range programs() {
		parts = append(parts, buildArgs(p, pins{}, p.name)...)
	}
	return strings.Join(parts, "\n")
}
