package controllers_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// What users of Argo CD patch into its ConfigMap has a health check for every kind.
func TestDeploy_ArgoHealthChecks(t *testing.T) {
	t.Parallel()
	data := find[struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Data              map[string]string `json:"data"`
	}](t, render(t, "gitops/argocd"), "ConfigMap", "argocd-cm").Data
	script, err := os.ReadFile(filepath.Join(testkit.Repository(), "config/gitops/argocd/component/health.lua"))
	must(t, err)
	bases, err := filepath.Glob(filepath.Join(testkit.Repository(), "config", "crd", "bases", "*.yaml"))
	must(t, err)
	if len(bases) == 0 || len(data) != len(bases) {
		t.Errorf("%d health checks for %d kinds", len(data), len(bases))
	}
	for key, value := range data {
		if !strings.HasPrefix(key, "resource.customizations.health."+v1alpha1.Group+"_") || value != string(script) {
			t.Errorf("%s is no health check of ours", key)
		}
	}
}
