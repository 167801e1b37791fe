package cli

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/manifest"
	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// printManifests writes manifests as YAML, or as a List in JSON.
func (s *session) printManifests(objects []*unstructured.Unstructured, header, format string) error {
	if format != formatJSON {
		return manifest.YAML(s.Out, header, objects)
	}
	text, err := manifest.JSON(objects)
	if err != nil {
		return fmt.Errorf("encode the manifests: %w", err)
	}
	_, err = s.Out.Write(append(safe.JSON(text), '\n'))
	return err
}

func fromUnstructured(u *unstructured.Unstructured) (*v1alpha1.User, error) {
	user := &v1alpha1.User{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, user); err != nil {
		return nil, fmt.Errorf("read what the API server answered: %w", err)
	}
	return user, nil
}
