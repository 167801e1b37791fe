package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// partialSuffix ends the name of a file that is being written. Such a name also starts with a dot.
const partialSuffix = ".partial"

// options say what a fetcher works on.
type options struct {
	module        string        // folder of the module with the pins
	out           string        // absolute path of the folder to fill
	assets        string        // value of KUBEBUILDER_ASSETS, or empty
	prebuiltLimit time.Duration // for a download; 0 means none is tried
	goTool        string        // the go command
	console       *console
}

// A fetcher fills the output folder.
type fetcher struct {
	options
	pins  pins
	stamp stamp // set by run
}

func newFetcher(o options) (*fetcher, error) {
	versions, err := readPins(o.module)
	if err != nil {
		return nil, err
	}
	return &fetcher{options: o, pins: versions}, nil
}

// run returns nil when all programs are in the output folder.
func (f *fetcher) run(ctx context.Context) error {
	lacking, err := f.look()
	if err != nil {
		return err
	}
	if len(lacking) == 0 {
		f.console.say("nothing to do: %s has %s", f.out, f.pins)
		return nil
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if lacking, err = f.look(); err != nil {
		return err
	}
	if err := f.sweep(); err != nil {
		return err
	}
	sources := []func(context.Context, []program) error{f.fromAssets, f.fromPrebuilt, f.fromSource}
	for _, take := range sources {
		if err := take(ctx, lacking); err != nil {
			return err
		}
		lacking = f.stamp.missing(f.out)
	}
	f.console.say("done: %s has %s", f.out, f.pins)
	return nil
}

// look reads the stamp and returns what is missing.
func (f *fetcher) look() ([]program, error) {
	found, err := readStamp(f.out, f.pins)
	if err != nil {
		return nil, err
	}
	f.stamp = found
	return found.missing(f.out), nil
}

// sweep removes what a run that was killed has left behind.
func (f *fetcher) sweep() error {
	entries, err := os.ReadDir(f.out)
	if err != nil {
		return fmt.Errorf("reading the output folder: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), partialSuffix) {
			if err := removeTree(filepath.Join(f.out, e.Name())); err != nil {
				return fmt.Errorf("removing the rest of an interrupted run: %w", err)
			}
		}
	}
	return nil
}

// scratch creates a folder for temporary files. It is in the output folder, so that the next run's sweep finds it.
func (f *fetcher) scratch() (string, error) {
	dir, err := os.MkdirTemp(f.out, ".scratch-*"+partialSuffix)
	if err != nil {
		return "", fmt.Errorf("creating a folder for temporary files: %w", err)
	}
	return dir, nil
}

// discard removes a folder of temporary files. One that stays is told and is no failure: the next run sweeps it up.
func (f *fetcher) discard(scratch string) {
	if err := removeTree(scratch); err != nil {
		f.console.say("temporary files are left over: %v", err)
	}
}

// put makes p appear in the output folder: write creates the file under the name that it is given, and only a file
// that was written to its end gets its proper name and its entry in the stamp.
func (f *fetcher) put(p program, source string, write func(partial string) error) error {
	partial := filepath.Join(f.out, "."+p.name+partialSuffix)
	if err := write(partial); err != nil {
		os.Remove(partial)
		return err
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return fmt.Errorf("making %s executable: %w", p.name, err)
	}
	info, err := os.Stat(partial)
	if err != nil {
		return fmt.Errorf("measuring %s: %w", p.name, err)
	}
	if err := os.Rename(partial, filepath.Join(f.out, p.name)); err != nil {
		return fmt.Errorf("finishing %s: %w", p.name, err)
	}
	f.stamp.Programs[p.name] = record{Size: info.Size(), Source: source}
	return f.stamp.write(f.out)
}
