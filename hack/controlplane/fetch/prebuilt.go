package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// notPrebuilt is the program that the archives of setup-envtest lack.
const notPrebuilt = "kube-controller-manager"

// fromPrebuilt copies what setup-envtest downloads. That it cannot is told and is no failure: everything can be built.
func (f *fetcher) fromPrebuilt(ctx context.Context, lacking []program) error {
	wanted := slices.DeleteFunc(slices.Clone(lacking), func(p program) bool { return p.name == notPrebuilt })
	if len(wanted) == 0 || f.prebuiltLimit <= 0 {
		return nil
	}
	scratch, err := f.scratch()
	if err != nil {
		return err
	}
	defer f.discard(scratch)
	dir, err := f.download(ctx, scratch)
	if err == nil {
		err = f.checkMinor(ctx, dir)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		f.console.say("no prebuilt programs, so building them: %v", err)
		return nil
	}
	return f.copyFrom(dir, "setup-envtest", wanted)
}

// download runs setup-envtest within the limit and returns the folder that it filled, below scratch. The time to
// compile setup-envtest itself is not part of the limit.
//
// setup-envtest gets a store of its own instead of the one that it shares among projects: it unpacks in place and takes
// a folder that exists for a complete one, so that ending it half way would spoil a shared store.
func (f *fetcher) download(ctx context.Context, scratch string) (string, error) {
	tool := filepath.Join(scratch, "setup-envtest")
	build := exec.CommandContext(ctx, f.goTool, "build", "-mod=readonly", "-trimpath", "-buildvcs=false",
		"-o", tool, "sigs.k8s.io/controller-runtime/tools/setup-envtest")
	build.Dir = filepath.Join(f.module, "setup-envtest")
	build.Env = buildEnv(scratch)
	if _, err := f.output(ctx, build, "preparing setup-envtest"); err != nil {
		return "", fmt.Errorf("preparing setup-envtest: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, f.prebuiltLimit)
	defer cancel()
	use := exec.CommandContext(limited, tool, "use", f.pins.minor+".x", "--print", "path", "--bin-dir", filepath.Join(scratch, "store"))
	use.Env = append(os.Environ(), "TMPDIR="+scratch)
	dir, err := f.output(limited, use, "downloading prebuilt programs")
	if errors.Is(err, context.DeadlineExceeded) {
		return "", fmt.Errorf("the download was not done within %s", f.prebuiltLimit)
	}
	return dir, err
}

// output runs cmd, a command of ctx, and returns what it printed. Its error is one line: the last that cmd had to say.
func (f *fetcher) output(ctx context.Context, cmd *exec.Cmd, what string) (string, error) {
	stop := f.console.watch(func(elapsed string) string { return what + ": " + elapsed })
	defer stop()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := runGroup(ctx, cmd); err != nil {
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if last := lines[len(lines)-1]; last != "" && ctx.Err() == nil {
			return "", errors.New(last)
		}
		return "", err
	}
	return strings.TrimSpace(stdout.String()), nil
}
