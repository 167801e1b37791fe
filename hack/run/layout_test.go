package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/invite"
)

func TestLayoutReadsTheEnvironment(t *testing.T) {
	type result struct{ Given, Used, Database, Shown string }
	own := result{
		Used: "/src/.dev/kubeconfig", Database: "sqlite:///src/.dev/rollcall.db", Shown: "sqlite:///src/.dev/rollcall.db",
	}
	tests := map[string]struct {
		reason string
		env    map[string]string
		want   result
	}{
		"Nothing": {
			reason: "by default everything is our own",
			want:   own,
		},
		"KubeconfigOfAnEarlierRun": {
			reason: "a shell that followed the advice of the last run means the same control plane, which does not run yet",
			env:    map[string]string{"KUBECONFIG": "/src/.dev/../.dev/kubeconfig"},
			want:   own,
		},
		"Kubeconfig": {
			reason: "a cluster of somebody's own is used as it is",
			env:    map[string]string{"KUBECONFIG": "/etc/a:/etc/b"},
			want:   result{Given: "/etc/a:/etc/b", Used: "/etc/a:/etc/b", Database: own.Database, Shown: own.Shown},
		},
		"Tilde": {
			reason: "make hands ~ over as it is",
			env:    map[string]string{"KUBECONFIG": "~/.kube/config", "HOME": "/home/ada"},
			want: result{
				Given: "/home/ada/.kube/config", Used: "/home/ada/.kube/config", Database: own.Database, Shown: own.Shown,
			},
		},
		"Database": {
			reason: "a password is handed on and never shown",
			env:    map[string]string{"DATABASE_URL": "postgres://ada:hush@db:5432/people?password=hush"},
			want: result{
				Used: own.Used, Database: "postgres://ada:hush@db:5432/people?password=hush", Shown: "postgres://db:5432/people",
			},
		},
		"DatabaseThatIsNoURL": {
			reason: "what cannot be taken apart may hold a password anywhere",
			env:    map[string]string{"DATABASE_URL": "postgres://ada:hu%sh@db"},
			want:   result{Used: own.Used, Database: "postgres://ada:hu%sh@db", Shown: "as DATABASE_URL says"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l := layoutBelow("/src", func(key string) string { return tt.env[key] })
			got := result{Given: l.kubeconfig, Used: l.usedKubeconfig(), Database: l.database, Shown: l.databaseName()}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
		})
	}
}

func TestChildrenSeeTheClusterAndTheDatabaseThatAreUsed(t *testing.T) {
	t.Setenv("KUBECONFIG", "/somewhere/else")
	t.Setenv("DATABASE_URL", "postgres://somewhere.else")
	l := layout{repository: "/src", database: "sqlite:///src/.dev/rollcall.db"}
	got := slices.DeleteFunc(l.environment(), func(entry string) bool {
		return !strings.HasPrefix(entry, "KUBECONFIG=") && !strings.HasPrefix(entry, "DATABASE_URL=")
	})
	want := []string{"KUBECONFIG=/src/.dev/kubeconfig", "DATABASE_URL=sqlite:///src/.dev/rollcall.db"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMissingKubeconfigIsNamed(t *testing.T) {
	there := filepath.Join(t.TempDir(), "config")
	if err := writeFile(there, ""); err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		"":                       "",
		"/no/such/file:" + there: "",
		"/no/such/file":          "KUBECONFIG: stat /no/such/file: no such file or directory",
	} {
		got := ""
		if err := (layout{kubeconfig: given}).checkKubeconfig(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("KUBECONFIG=%s: got error %q, want %q", given, got, want)
		}
	}
}

func TestLinkKeyIsMadeOnceAndForItsOwnerOnly(t *testing.T) {
	l := inTemporaryFolder(t)
	first := linkKey(t, l)
	if diff := cmp.Diff(first, linkKey(t, l)); diff != "" {
		t.Errorf("the second run makes another key:\n%s", diff)
	}
	if _, err := invite.ParseKey([]byte(first)); err != nil {
		t.Errorf("the manager refuses it: %v", err)
	}
	info, err := os.Stat(l.dev("link.key"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
}

func linkKey(t *testing.T, l layout) string {
	t.Helper()
	path, err := l.linkKey()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func inTemporaryFolder(t *testing.T) layout {
	t.Helper()
	l := layoutBelow(t.TempDir(), func(string) string { return "" })
	if err := os.Mkdir(l.dev(), 0o700); err != nil {
		t.Fatal(err)
	}
	return l
}
