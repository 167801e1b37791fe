package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// Kinds are the kinds of our API, each with an empty object.
func Kinds() map[string]func() client.Object {
	return map[string]func() client.Object{
		"IdentityBackend": func() client.Object { return &v1alpha1.IdentityBackend{} },
		"Organization":    func() client.Object { return &v1alpha1.Organization{} },
		"BusinessUnit":    func() client.Object { return &v1alpha1.BusinessUnit{} },
		"Role":            func() client.Object { return &v1alpha1.Role{} },
		"User":            func() client.Object { return &v1alpha1.User{} },
		"InviteBatch":     func() client.Object { return &v1alpha1.InviteBatch{} },
		"InviteLink":      func() client.Object { return &v1alpha1.InviteLink{} },
	}
}

// Declared returns what of an object somebody declares: apiVersion, kind, name,
// namespace, labels, annotations and spec, without what is empty.
func Declared(kind string, o client.Object) (*unstructured.Unstructured, error) {
	all, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil, fmt.Errorf("convert %s %q: %w", kind, o.GetName(), err)
	}
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(v1alpha1.GroupVersion().String())
	u.SetKind(kind)
	u.SetName(o.GetName())
	if o.GetNamespace() != "" {
		u.SetNamespace(o.GetNamespace())
	}
	if len(o.GetLabels()) > 0 {
		u.SetLabels(o.GetLabels())
	}
	if len(o.GetAnnotations()) > 0 {
		u.SetAnnotations(o.GetAnnotations())
	}
	if spec, ok := all["spec"].(map[string]any); ok {
		u.Object["spec"] = withoutEmpty(spec)
	}
	return u, nil
}

// withoutEmpty drops empty objects: in our kinds they mean the same as nothing.
// An empty list says something and stays.
func withoutEmpty(fields map[string]any) map[string]any {
	kept := map[string]any{}
	for name, value := range fields {
		if object, ok := value.(map[string]any); ok {
			value = withoutEmpty(object)
			if len(withoutEmpty(object)) == 0 {
				continue
			}
		}
		kept[name] = value
	}
	return kept
}

// YAML writes objects as documents below a comment of several lines, which may
// be empty.
func YAML(w io.Writer, header string, objects []*unstructured.Unstructured) error {
	var out bytes.Buffer
	for line := range strings.Lines(header) {
		out.WriteString("# " + strings.TrimRight(line, "\n") + "\n")
	}
	for i, o := range objects {
		if i > 0 || header != "" {
			out.WriteString("---\n")
		}
		text, err := yamlOf(o)
		if err != nil {
			return fmt.Errorf("encode %s %q: %w", o.GetKind(), o.GetName(), err)
		}
		out.Write(text)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// yamlOf goes by way of JSON in which nothing is left that YAML does not allow.
func yamlOf(o *unstructured.Unstructured) ([]byte, error) {
	text, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(safe.JSON(text))
}

// JSON writes objects as one List.
func JSON(objects []*unstructured.Unstructured) ([]byte, error) {
	list := map[string]any{"apiVersion": "v1", "kind": "List"}
	items := make([]any, 0, len(objects))
	for _, o := range objects {
		items = append(items, o.Object)
	}
	list["items"] = items
	return json.MarshalIndent(list, "", "  ")
}
