package testkit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// modulePath is the first line of the go.mod that marks the repository's root;
// folders below have modules of their own.
const modulePath = "module github.com/rollcall-dev/rollcall\n"

// Repository is the root of the checkout that the working directory is in. It
// panics outside of one: a test's working directory is its package's folder.
func Repository() string {
	start, err := os.Getwd()
	if err != nil {
		panic(fmt.Sprintf("testkit: find the repository: %v", err))
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(content, []byte(modulePath)) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			panic(fmt.Sprintf("testkit: %s is not in a checkout of Rollcall", start))
		}
	}
}
