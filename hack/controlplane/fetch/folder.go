package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fromAssets copies what the folder in KUBEBUILDER_ASSETS offers.
func (f *fetcher) fromAssets(ctx context.Context, lacking []program) error {
	if f.assets == "" || sameFolder(f.assets, f.out) || len(lacking) == 0 {
		return nil
	}
	if err := f.checkMinor(ctx, f.assets); err != nil {
		f.console.say("not using KUBEBUILDER_ASSETS: %v", err)
		return ctx.Err()
	}
	return f.copyFrom(f.assets, "KUBEBUILDER_ASSETS", lacking)
}

// checkMinor tells whether the kube-apiserver in dir runs on this machine and is of the pinned minor. The others in a
// folder are taken to belong to it.
func (f *fetcher) checkMinor(ctx context.Context, dir string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "kube-apiserver"), "--version")
	cmd.Stdout = &out
	if err := runGroup(ctx, cmd); err != nil {
		return fmt.Errorf("asking the kube-apiserver there for its version: %w", err)
	}
	version := strings.TrimSpace(out.String())
	if !strings.HasPrefix(version, "Kubernetes v"+f.pins.minor+".") {
		return fmt.Errorf("the kube-apiserver there is %q, wanted is v%s", version, f.pins.minor)
	}
	return nil
}

// copyFrom copies those of the lacking programs that dir has. The files are copied, not linked, because the owner of
// dir may clean it up at any time.
func (f *fetcher) copyFrom(dir, source string, lacking []program) error {
	for _, p := range lacking {
		from := filepath.Join(dir, p.name)
		info, err := os.Stat(from)
		if err != nil || !executable(info) {
			continue
		}
		if err := f.put(p, source, func(partial string) error { return copyFile(from, partial) }); err != nil {
			return err
		}
		f.console.say("%s copied from %s (%s)", p.name, source, f.count(p))
	}
	return nil
}

// count says where p stands in the list of programs, such as 3/4.
func (f *fetcher) count(p program) string {
	all := programs()
	for i := range all {
		if all[i] == p {
			return fmt.Sprintf("%d/%d", i+1, len(all))
		}
	}
	return p.name
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copying %q: %w", from, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("copying %q: %w", from, err)
	}
	return nil
}

func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// removeTree removes path and all below it, also from folders that are read-only, as setup-envtest leaves them.
func removeTree(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	if err := openFolders(path); err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// openFolders makes path and the folders below it writable.
func openFolders(path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return root.Chmod(name, 0o755)
	})
}
