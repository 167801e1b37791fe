package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// fromSource builds the lacking programs one after the other: they share most of their packages, and linking two at
// once is what exhausts the memory of small machines.
func (f *fetcher) fromSource(ctx context.Context, lacking []program) error {
	if len(lacking) > 0 {
		f.console.say("building from source (%s); the first time takes minutes, later ones seconds", f.pins)
	}
	for _, p := range lacking {
		if err := f.build(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// build makes p. The build's output is kept in a file beside the programs when it fails.
func (f *fetcher) build(ctx context.Context, p program) error {
	logFile := filepath.Join(f.out, p.name+".log")
	log, err := os.Create(logFile)
	if err != nil {
		return fmt.Errorf("creating the build's log: %w", err)
	}
	defer log.Close()
	scratch, err := f.scratch()
	if err != nil {
		return err
	}
	defer f.discard(scratch)
	progress := &buildLog{sink: log}
	elapsed := f.console.stopwatch()
	stop := f.console.watch(func(elapsed string) string {
		return fmt.Sprintf("%s: %s, %s (%s)", p.name, elapsed, progress, f.count(p))
	})
	err = f.put(p, "built", func(partial string) error {
		cmd := exec.CommandContext(ctx, f.goTool, buildArgs(p, f.pins, partial)...)
		cmd.Dir, cmd.Env = f.module, buildEnv(scratch)
		cmd.Stdout, cmd.Stderr = progress, progress
		return runGroup(ctx, cmd)
	})
	stop()
	if ctx.Err() != nil {
		os.Remove(logFile)
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s could not be built: %w after %s\n%s", p.name, err, elapsed(), progress.explain(err, logFile))
	}
	f.console.say("%s built in %s (%s)", p.name, elapsed(), f.count(p))
	return os.Remove(logFile)
}

// buildEnv is the environment of every build: no C compiler; no workspace of the folders above, since this module is
// part of none; and temporary files in scratch, because a go command that is interrupted leaves them behind, hundreds
// of megabytes at a time.
func buildEnv(scratch string) []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOTMPDIR="+scratch)
}
