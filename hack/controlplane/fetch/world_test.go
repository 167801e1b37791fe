package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A world is a fetcher's surroundings: a module with pins, an output folder, a go command made of shell, and what was
// said.
type world struct {
	t       *testing.T
	options options
	said    *strings.Builder
}

// buildIt is what the go command of a new world does.
const buildIt = `echo "$pkg" >> "$log"; echo "built $pkg" > "$out"`

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	said := &strings.Builder{}
	w := &world{t: t, said: said, options: options{
		module:  filepath.Join(dir, "module"),
		out:     filepath.Join(dir, "out"),
		goTool:  filepath.Join(dir, "go"),
		console: &console{out: said, now: func() time.Time { return time.Unix(0, 0) }},
	}}
	w.pin("v1.36.3")
	must(t, os.Mkdir(filepath.Join(w.options.module, "setup-envtest"), 0o755))
	w.goCommand(buildIt)
	return w
}

// goCommand makes the go command run these lines of shell, where $pkg is the package to build, $out the file to write,
// and $log the file that lists what was built.
func (w *world) goCommand(lines string) {
	w.t.Helper()
	w.write(w.options.goTool, fmt.Sprintf(`#!/bin/sh
while [ "$1" != "-o" ]; do shift; done
out=$2 pkg=$3 log=%s
%s
`, w.goLog(), lines))
}

// setupEnvtest makes the go command build a setup-envtest that runs this line of shell.
func (w *world) setupEnvtest(line string) {
	w.t.Helper()
	w.goCommand(`case $pkg in
*/setup-envtest) printf '#!/bin/sh\n` + line + `\n' > "$out"; chmod +x "$out";;
*) ` + buildIt + `;;
esac`)
}

// pin writes a go.mod that asks for this version of Kubernetes.
func (w *world) pin(kubernetes string) {
	w.t.Helper()
	w.write(filepath.Join(w.options.module, "go.mod"),
		"require (\n\tgo.etcd.io/etcd/server/v3 v3.6.8 // indirect\n\tk8s.io/kubernetes "+kubernetes+" // indirect\n)\n")
	w.write(filepath.Join(w.options.module, "go.sum"), "")
}

// assets makes a folder with these programs, whose kube-apiserver says that it is of this version.
func (w *world) assets(version string, names ...string) {
	w.t.Helper()
	w.options.assets = w.t.TempDir()
	for _, name := range names {
		w.write(filepath.Join(w.options.assets, name), "#!/bin/sh\necho Kubernetes "+version+"\n")
	}
}

func (w *world) write(file, text string) {
	w.t.Helper()
	must(w.t, os.MkdirAll(filepath.Dir(file), 0o755))
	must(w.t, os.WriteFile(file, []byte(text), 0o755))
}

// fetch runs a fetcher and returns the packages that it built.
func (w *world) fetch(ctx context.Context) ([]string, error) {
	w.t.Helper()
	must(w.t, os.RemoveAll(w.goLog()))
	f, err := newFetcher(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	err = f.run(ctx)
	return w.built(), err
}

// built returns the packages that the go command was asked for; none is an answer too.
func (w *world) built() []string {
	w.t.Helper()
	packages, _ := os.ReadFile(w.goLog())
	return strings.Fields(string(packages))
}

func (w *world) goLog() string { return filepath.Join(filepath.Dir(w.options.goTool), "go.log") }

// mustBuild fetches and fails the test unless exactly the programs with these names were built.
func (w *world) mustBuild(names ...string) {
	w.t.Helper()
	built, err := w.fetch(w.t.Context())
	if err != nil {
		w.t.Fatalf("fetching: %v\n%s", err, w.said)
	}
	var want []string
	for _, p := range programs() {
		for _, name := range names {
			if p.name == name {
				want = append(want, p.pkg)
			}
		}
	}
	if strings.Join(built, " ") != strings.Join(want, " ") {
		w.t.Errorf("built %q, want %q", built, want)
	}
	for _, p := range programs() {
		info, err := os.Stat(filepath.Join(w.options.out, p.name))
		if err != nil || !executable(info) {
			w.t.Errorf("%s is not an executable file in the output folder: %v", p.name, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
