package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

// declaredUsers are the manifests of Users.
func declaredUsers(users []*v1alpha1.User) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, u := range users {
		o, err := manifest.Declared(kindUser, u)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

func fromUnstructured(u *unstructured.Unstructured) (*v1alpha1.User, error) {
	user := &v1alpha1.User{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, user); err != nil {
		return nil, fmt.Errorf("read what the API server answered: %w", err)
	}
	return user, nil
}

// writeFiles writes one file for each object; none when one of them is there.
func (s *session) writeFiles(folder string, objects []*unstructured.Unstructured) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	for _, o := range objects {
		if name := fileOf(folder, o); exists(name) {
			return fmt.Errorf("%s exists; choose another folder with --to, nothing was written", name)
		}
	}
	for _, o := range objects {
		if err := writeNew(fileOf(folder, o), o); err != nil {
			return err
		}
	}
	s.say("%s written to %s", counted(len(objects), "file"), folder)
	return nil
}

func fileOf(folder string, o *unstructured.Unstructured) string {
	return filepath.Join(folder, filepath.Base(o.GetName())+".yaml")
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// writeNew writes a file that was not there before.
func writeNew(name string, o *unstructured.Unstructured) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(manifest.YAML(file, "", []*unstructured.Unstructured{o}), file.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
