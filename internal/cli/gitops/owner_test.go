package gitops_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/internal/cli/gitops"
)

func TestBY1_OwnerOf(t *testing.T) {
	labels := func(kv ...string) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Labels: map[string]string{}}
		for i := 0; i < len(kv); i += 2 {
			m.Labels[kv[i]] = kv[i+1]
		}
		return m
	}
	annotated := func(key, value string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Annotations: map[string]string{key: value}}
	}
	managed := func(manager, subresource string) metav1.ObjectMeta {
		return metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: manager, Subresource: subresource}}}
	}
	for name, test := range map[string]struct {
		reason string
		object metav1.ObjectMeta
		want   string
	}{
		"nobody":        {"applied by hand", managed("kubectl-rollcall", ""), ""},
		"flux":          {"its labels", labels("kustomize.toolkit.fluxcd.io/name", "people", "kustomize.toolkit.fluxcd.io/namespace", "flux-system"), `Flux, by its Kustomization "flux-system/people"`},
		"flux helm":     {"its labels", labels("helm.toolkit.fluxcd.io/name", "people"), `Flux, by its HelmRelease "people"`},
		"argo":          {"its annotation", annotated("argocd.argoproj.io/tracking-id", "people:iam.rollcall.dev/User:team/ada"), `Argo CD, by its Application "people"`},
		"argo label":    {"its older label", labels("argocd.argoproj.io/instance", "people"), `Argo CD, by its Application "people"`},
		"helm":          {"its annotation", annotated("meta.helm.sh/release-name", "people"), `Helm, by its release "people"`},
		"helm label":    {"its label", labels("app.kubernetes.io/managed-by", "Helm"), "Helm"},
		"not helm":      {"others use the label too", labels("app.kubernetes.io/managed-by", "me"), ""},
		"config sync":   {"its annotation", annotated("configmanagement.gke.io/managed", "enabled"), "Config Sync"},
		"inventory":     {"its annotation", annotated("config.k8s.io/owning-inventory", "x"), "an inventory of kpt or cli-utils"},
		"field manager": {"no label, but it applied", managed("kustomize-controller", ""), "Flux"},
		"status only":   {"who writes a status keeps no object", managed("argocd-controller", "status"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			owner, found := gitops.OwnerOf(&test.object)
			if found != (test.want != "") || found && owner.String() != test.want {
				t.Errorf("%s: %q %t, want %q", test.reason, owner, found, test.want)
			}
		})
	}
}
