package gitops

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owner is the tool that keeps an object.
type Owner struct {
	// Tool is what people call it, such as Flux.
	Tool string
	// Where says which part of it, such as Kustomization "flux-system/people";
	// empty when the object does not tell.
	Where string
}

// String is one phrase, such as: Flux, by its Kustomization "flux-system/people".
func (o Owner) String() string {
	if o.Where == "" {
		return o.Tool
	}
	return o.Tool + ", by its " + o.Where
}

// mark is a label or annotation that a tool leaves on what it applies.
type mark struct {
	key, tool, part string
	// namespace is the key that holds the namespace of the part; may be empty.
	namespace string
	// value has to be this; empty for any.
	value string
}

func marks() []mark {
	return []mark{
		{key: "kustomize.toolkit.fluxcd.io/name", namespace: "kustomize.toolkit.fluxcd.io/namespace", tool: "Flux", part: "Kustomization"},
		{key: "helm.toolkit.fluxcd.io/name", namespace: "helm.toolkit.fluxcd.io/namespace", tool: "Flux", part: "HelmRelease"},
		{key: "argocd.argoproj.io/tracking-id", tool: "Argo CD", part: "Application"},
		{key: "argocd.argoproj.io/instance", tool: "Argo CD", part: "Application"},
		{key: "configmanagement.gke.io/managed", value: "enabled", tool: "Config Sync"},
		{key: "config.k8s.io/owning-inventory", tool: "an inventory of kpt or cli-utils"},
		{key: "meta.helm.sh/release-name", namespace: "meta.helm.sh/release-namespace", tool: "Helm", part: "release"},
		{key: "app.kubernetes.io/managed-by", value: "Helm", tool: "Helm"},
	}
}

// managers are the field managers of tools that apply from Git.
func managers() map[string]string {
	return map[string]string{
		"kustomize-controller": "Flux", "helm-controller": "Flux",
		"argocd-controller": "Argo CD", "argocd-application-controller": "Argo CD",
		"configsync": "Config Sync", "helm": "Helm",
	}
}

// OwnerOf returns who keeps an object, and whether anybody does.
func OwnerOf(o metav1.Object) (Owner, bool) {
	for _, m := range marks() {
		value, found := find(o, m.key)
		if !found || m.value != "" && value != m.value {
			continue
		}
		owner := Owner{Tool: m.tool}
		if m.part != "" {
			// A tracking id of Argo CD is application:group/kind:namespace/name.
			name, _, _ := strings.Cut(value, ":")
			if namespace, known := find(o, m.namespace); known {
				name = namespace + "/" + name
			}
			owner.Where = fmt.Sprintf("%s %q", m.part, name)
		}
		return owner, true
	}
	var tools []string
	known := managers()
	for _, entry := range o.GetManagedFields() {
		if tool, ok := known[entry.Manager]; ok && entry.Subresource == "" {
			tools = append(tools, tool)
		}
	}
	if len(tools) == 0 {
		return Owner{}, false
	}
	return Owner{Tool: slices.Min(tools)}, true
}

func find(o metav1.Object, key string) (string, bool) {
	if value, ok := o.GetAnnotations()[key]; ok {
		return value, true
	}
	value, ok := o.GetLabels()[key]
	return value, ok
}
