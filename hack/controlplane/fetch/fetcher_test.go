package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var all = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kubectl"}

func TestBuildsOnlyWhatIsMissing(t *testing.T) {
	for name, tc := range map[string]struct {
		reason string
		change func(t *testing.T, w *world)
		built  []string
	}{
		"Nothing": {
			reason: "A second run must find everything in place.",
			change: func(*testing.T, *world) {},
		},
		"Deleted": {
			reason: "A program that somebody deleted comes back, alone.",
			change: func(t *testing.T, w *world) { must(t, os.Remove(filepath.Join(w.options.out, "kubectl"))) },
			built:  []string{"kubectl"},
		},
		"Truncated": {
			reason: "A program of another size than recorded cannot be trusted.",
			change: func(t *testing.T, w *world) { must(t, os.Truncate(filepath.Join(w.options.out, "etcd"), 1)) },
			built:  []string{"etcd"},
		},
		"NotExecutable": {
			reason: "A copy of the folder without its file modes is of no use.",
			change: func(t *testing.T, w *world) { must(t, os.Chmod(filepath.Join(w.options.out, "etcd"), 0o644)) },
			built:  []string{"etcd"},
		},
		"OtherPins": {
			reason: "Programs of another version must not stay.",
			change: func(_ *testing.T, w *world) { w.pin("v1.36.4") },
			built:  all,
		},
		"BrokenStamp": {
			reason: "Without a legible stamp nobody knows what the files are.",
			change: func(_ *testing.T, w *world) { w.write(filepath.Join(w.options.out, stampName), "{") },
			built:  all,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustBuild(all...)
			tc.change(t, w)
			w.mustBuild(tc.built...)
			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}

func TestAssets(t *testing.T) {
	for name, tc := range map[string]struct {
		reason  string
		version string
		holds   []string
		built   []string
	}{
		"All": {
			reason:  "A folder with all four programs leaves nothing to build.",
			version: "v1.36.1", holds: all,
		},
		"WithoutControllerManager": {
			reason:  "The folder that setup-envtest makes lacks one program, and that one alone is built.",
			version: "v1.36.1", holds: []string{"etcd", "kube-apiserver", "kubectl"},
			built: []string{"kube-controller-manager"},
		},
		"OtherMinor": {
			reason:  "Another minor has other APIs; the pin wins.",
			version: "v1.35.9", holds: all, built: all,
		},
		"LongerMinor": {
			reason:  "1.360 is not 1.36.",
			version: "v1.360.0", holds: all, built: all,
		},
		"Empty": {
			reason: "A folder that is not there, or not yet filled, is passed over.",
			built:  all,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.assets(tc.version, tc.holds...)
			w.mustBuild(tc.built...)
			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}

// The go command writes straight to the file that -o names, so an interrupted build can leave half of it.
func TestInterruptedBuildLeavesNothing(t *testing.T) {
	w := newWorld(t)
	ready := filepath.Join(t.TempDir(), "ready")
	must(t, syscall.Mkfifo(ready, 0o600))
	w.goCommand(`case $pkg in
*/kube-apiserver) echo half > "$out"; echo > ` + ready + `; sleep 600;;
*) echo "$pkg" > "$out";;
esac`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = os.ReadFile(ready)
		cancel()
	}()
	if _, err := w.fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want it to end as cancelled", err)
	}
	entries, err := os.ReadDir(w.options.out)
	must(t, err)
	for _, e := range entries {
		if strings.Contains(e.Name(), "kube-apiserver") || strings.HasSuffix(e.Name(), partialSuffix) {
			t.Errorf("%s is left over", e.Name())
		}
	}
	w.goCommand(buildIt)
	w.mustBuild("kube-apiserver", "kube-controller-manager", "kubectl")
}

func TestPrebuiltEndsInTime(t *testing.T) {
	w := newWorld(t)
	w.options.prebuiltLimit = 50 * time.Millisecond
	w.setupEnvtest("sleep 600 & wait")
	w.mustBuild(all...)
	if want := "the download was not done within 50ms"; !strings.Contains(w.said.String(), want) {
		t.Errorf("%q was not said, but:\n%s", want, w.said)
	}
}

func TestPrebuiltIsCopied(t *testing.T) {
	w := newWorld(t)
	w.options.prebuiltLimit = time.Minute
	w.assets("v1.36.0", "etcd", "kube-apiserver", "kubectl")
	w.setupEnvtest("echo " + w.options.assets)
	w.options.assets = ""
	w.mustBuild("kube-controller-manager")
}

func TestFailedBuildIsExplained(t *testing.T) {
	w := newWorld(t)
	w.goCommand("echo some/package; echo 'compile: signal: killed' >&2; exit 1")
	_, err := w.fetch(t.Context())
	if err == nil {
		t.Fatal("a failed build did not fail")
	}
	for _, want := range []string{"etcd could not be built", "compile: signal: killed", "etcd.log", "out of memory"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "some/package") {
		t.Errorf("names of packages hide the error:\n%v", err)
	}
}

func TestTwoRunsAtOnceBuildOnce(t *testing.T) {
	w := newWorld(t)
	var runs sync.WaitGroup
	for range 2 {
		f, err := newFetcher(w.options)
		must(t, err)
		runs.Go(func() {
			if err := f.run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	runs.Wait()
	if built := w.built(); len(built) != len(all) {
		t.Errorf("built %q, want each program once", built)
	}
}
