package controllers_test

import (
	"bufio"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// nobody is who the image runs as, and the pods of config/.
const nobody = 65532

func TestImage_HoldsTheBinaryAndCertificatesOnly(t *testing.T) {
	t.Parallel()
	want := []string{
		"FROM scratch",
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		"COPY --from=build /src/bin/rollcall /rollcall",
		"USER 65532:65532",
		`ENTRYPOINT ["/rollcall"]`,
	}
	if diff := cmp.Diff(want, lastStage(t)); diff != "" {
		t.Errorf("the Dockerfile's last stage (-want +got):\n%s", diff)
	}
}

func lastStage(t *testing.T) []string {
	t.Helper()
	file, err := os.Open(filepath.Join(testkit.Repository(), "Dockerfile"))
	must(t, err)
	defer func() { _ = file.Close() }()
	var stage []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "FROM ") {
			stage = nil
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			stage = append(stage, line)
		}
	}
	return stage
}

// The binary is built as the Dockerfile builds it.
func TestImage_TheBinaryNeedsNothingBesideIt(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	build := exec.CommandContext(t.Context(), "make", "--no-print-directory", "bin/rollcall", "OUT="+root+"/")
	build.Dir = testkit.Repository()
	build.Env = append(os.Environ(), "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make bin/rollcall: %v\n%s", err, out)
	}
	t.Run("it is linked statically", func(t *testing.T) { static(t, filepath.Join(root, "bin", "rollcall")) })
	t.Run("it runs in an empty root", func(t *testing.T) { alone(t, root) })
}

func static(t *testing.T, path string) {
	t.Helper()
	binary, err := elf.Open(path)
	must(t, err)
	defer func() { _ = binary.Close() }()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it asks for a loader")
		}
	}
	libraries, err := binary.ImportedLibraries()
	must(t, err)
	if len(libraries) > 0 {
		t.Errorf("it asks for libraries: %q", libraries)
	}
}

func alone(t *testing.T, root string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may change the root")
	}
	must(t, os.Rename(filepath.Join(root, "bin", "rollcall"), filepath.Join(root, "rollcall")))
	must(t, os.Remove(filepath.Join(root, "bin")))
	// Another user has to see into it.
	must(t, os.Chmod(root, 0o755))
	command := exec.CommandContext(t.Context(), "/rollcall", "version")
	command.Dir, command.Env = "/", []string{}
	command.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := command.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "rollcall ") {
		t.Errorf("rollcall version says %q, %v", out, err)
	}
}
