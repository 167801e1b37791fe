package manifest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func TestRead(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"b.yaml":        "# a comment\n---\napiVersion: v1\nkind: A\n---\n---\napiVersion: v1\nkind: B\n",
		"a/c.yml":       "apiVersion: v1\nkind: C\r\n",
		"d.json":        `{"apiVersion": "v1", "kind": "D"}`,
		"README.md":     "apiVersion: v1\nkind: X\n",
		".git/e.yaml":   "apiVersion: v1\nkind: X\n",
		".hidden.yaml":  "apiVersion: v1\nkind: X\n",
		"z/broken.yaml": "apiVersion: v1\nkind: [\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	documents, problems, err := manifest.Read(strings.NewReader("apiVersion: v1\nkind: In\n"), folder, manifest.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	lines := map[string]int{}
	for _, d := range documents {
		kinds = append(kinds, d.Object.GetKind())
		lines[d.Object.GetKind()] = d.Line
	}
	if diff := cmp.Diff([]string{"C", "A", "B", "D", "In"}, kinds); diff != "" {
		t.Errorf("in the order of the paths (-want +got):\n%s", diff)
	}
	if lines["A"] != 3 || lines["B"] != 7 || lines["D"] != 1 {
		t.Errorf("lines %v", lines)
	}
	if len(problems) != 1 || filepath.Base(problems[0].File) != "broken.yaml" {
		t.Errorf("problems %v", problems)
	}
	if _, _, err := manifest.Read(nil, filepath.Join(folder, "nowhere")); err == nil {
		t.Error("a path that does not exist was passed over")
	}
}

func TestDocument_LineOf(t *testing.T) {
	documents, problems := manifest.Parse("x", []byte("apiVersion: v1\nkind: A\nspec:\n  roles:\n  - name: a\n  - name: b\n    unit: c\n  other: &o\n    deep: 1\n  alias: *o\n"))
	if len(documents) != 1 || len(problems) != 0 {
		t.Fatal(documents, problems)
	}
	for path, want := range map[string]int{"spec.roles[1].unit": 7, "spec.roles[1].gone": 6, "spec.gone": 4, "": 1, "spec.roles[9]": 5, "spec.alias.deep": 9} {
		if got := documents[0].LineOf(path); got != want {
			t.Errorf("%q stands in line %d, want %d", path, got, want)
		}
	}
}

// What is written is what somebody would write, and reads back as it was.
func TestDeclared(t *testing.T) {
	u := testkit.User("ada", func(u *v1alpha1.User) {
		u.UID, u.ResourceVersion, u.Generation, u.CreationTimestamp = "u", "1", 3, metav1.Now()
		u.Labels = map[string]string{"team": "red"}
		u.Spec.Roles, u.Spec.Profile.DisplayName = []v1alpha1.RoleGrant{}, "\u009bEve: \u202e𝔸"
		u.Status.MemberID = "m-1"
	})
	declared, err := manifest.Declared("User", u)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := manifest.YAML(&out, "two\nlines", []*unstructured.Unstructured{declared, declared}); err != nil {
		t.Fatal(err)
	}
	documents, problems := manifest.Parse("x", out.Bytes())
	if len(documents) != 2 || len(problems) != 0 {
		t.Fatalf("read back: %v %v\n%s", documents, problems, out.String())
	}
	want := map[string]any{
		"apiVersion": "iam.rollcall.dev/v1alpha1", "kind": "User",
		"metadata": map[string]any{"name": "ada", "namespace": "team", "labels": map[string]any{"team": "red"}},
		"spec": map[string]any{
			"organizationRef": map[string]any{"name": "clinic"}, "email": "ada@example.com",
			"profile": map[string]any{"displayName": "\u009bEve: \u202e𝔸"}, "roles": []any{},
			"invitation": map[string]any{"delivery": "Email", "revision": float64(1)}, "removalPolicy": "Remove",
		},
	}
	if diff := cmp.Diff(want, documents[1].Object.Object); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text, err := manifest.JSON([]*unstructured.Unstructured{declared}); err != nil || !strings.Contains(string(text), `"kind": "List"`) {
		t.Errorf("%s, %v", text, err)
	}
}
