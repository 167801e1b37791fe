package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// pins are the versions that the module asks for.
type pins struct {
	kubernetes string // such as v1.36.3
	minor      string // of Kubernetes, such as 1.36
	etcd       string // such as v3.6.8
	key        string // changes with anything that could change a program
}

var (
	kubernetesPin = regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v(\d+\.\d+)\.\S+)`)
	etcdPin       = regexp.MustCompile(`(?m)^\s*go\.etcd\.io/etcd/server/v3 (v\S+)`)
)

// readPins reads go.mod and go.sum in the folder module.
func readPins(module string) (pins, error) {
	mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
	if err != nil {
		return pins{}, fmt.Errorf("reading the pinned versions: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
	if err != nil {
		return pins{}, fmt.Errorf("reading the pinned versions: %w", err)
	}
	kubernetes, etcd := kubernetesPin.FindSubmatch(mod), etcdPin.FindSubmatch(mod)
	if kubernetes == nil || etcd == nil {
		return pins{}, fmt.Errorf("%s does not require both k8s.io/kubernetes and go.etcd.io/etcd/server/v3",
			filepath.Join(module, "go.mod"))
	}
	digest := sha256.New()
	for _, part := range [][]byte{[]byte(recipe()), mod, sum} {
		fmt.Fprintf(digest, "%d\n", len(part))
		digest.Write(part)
	}
	return pins{
		kubernetes: string(kubernetes[1]),
		minor:      string(kubernetes[2]),
		etcd:       string(etcd[1]),
		key:        hex.EncodeToString(digest.Sum(nil)),
	}, nil
}

// String names the pinned versions for a reader.
func (p pins) String() string {
	return fmt.Sprintf("Kubernetes %s, etcd %s", p.kubernetes, p.etcd)
}
