package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func samples() string { return filepath.Join(testkit.Repository(), "config", "samples") }

func TestSamplesAreInTheirNamespaceAndCountedAsDocumented(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples(), "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
			var o struct {
				metav1.TypeMeta   `json:",inline"`
				metav1.ObjectMeta `json:"metadata"`
			}
			if err := yaml.Unmarshal(document, &o); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			got[o.Kind]++
			if o.Kind != "Namespace" && o.Kind != "Kustomization" && o.Namespace != sampleNamespace {
				t.Errorf("%s %q is in namespace %q", o.Kind, o.Name, o.Namespace)
			}
		}
	}
	want := map[string]int{
		"Kustomization": 1, "Namespace": 1, "IdentityBackend": 1, "Organization": 1, "BusinessUnit": 2, "Role": 4,
		"User": 5, "InviteBatch": 1, "InviteLink": 1, "ConfigMap": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
