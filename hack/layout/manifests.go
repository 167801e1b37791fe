package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"sigs.k8s.io/yaml"
)

// projectFile compares PROJECT with the kinds, both ways.
func projectFile(p project) ([]finding, error) {
	content, err := fs.ReadFile(p, "PROJECT")
	if err != nil {
		return nil, err
	}
	var listed struct {
		Resources []struct {
			Kind string `json:"kind"`
		} `json:"resources"`
	}
	if err := yaml.Unmarshal(content, &listed); err != nil {
		return nil, fmt.Errorf("PROJECT: %w", err)
	}
	var found []finding
	var names []string
	for _, resource := range listed.Resources {
		names = append(names, resource.Kind)
		if !slices.ContainsFunc(p.kinds, func(k kind) bool { return k.name == resource.Kind }) {
			found = append(found, finding{
				path: "PROJECT",
				what: "lists " + resource.Kind + ", which is no kind of " + apiFolder,
				todo: "take the entry out",
			})
		}
	}
	for _, k := range p.kinds {
		if !slices.Contains(names, k.name) {
			found = append(found, finding{path: "PROJECT", what: "does not list the kind " + k.name, todo: "add an entry under resources"})
		}
	}
	return found, nil
}

func customResourceDefinitions(p project) ([]finding, error) {
	type definition struct {
		Spec struct {
			Group string `json:"group"`
			Names struct {
				Kind string `json:"kind"`
			} `json:"names"`
		} `json:"spec"`
	}
	var defined []string
	err := p.eachDocument(crdFolder, func(document []byte) error {
		var d definition
		if err := yaml.Unmarshal(document, &d); err != nil {
			return err
		}
		if d.Spec.Group == apiGroup {
			defined = append(defined, d.Spec.Names.Kind)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.kindsWithout(defined, func(k kind) finding {
		return finding{path: crdFolder, what: "no CRD of the kind " + k.name, todo: "run make manifests"}
	}), nil
}

func samples(p project) ([]finding, error) {
	type object struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	var shown []string
	err := p.eachDocument(sampleFolder, func(document []byte) error {
		var o object
		if err := yaml.Unmarshal(document, &o); err != nil {
			return err
		}
		if o.APIVersion == apiGroup+"/"+apiVersion {
			shown = append(shown, o.Kind)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p.kindsWithout(shown, func(k kind) finding {
		return finding{path: sampleFolder, what: "no sample of the kind " + k.name, todo: "add a manifest that can be applied as it is"}
	}), nil
}

// kindsWithout returns a finding for each kind that is not among the names.
func (p project) kindsWithout(names []string, lack func(kind) finding) []finding {
	var found []finding
	for _, k := range p.kinds {
		if !slices.Contains(names, k.name) {
			found = append(found, lack(k))
		}
	}
	return found
}

// eachDocument hands over every document of the YAML files below a folder. A folder that does not exist has none.
func (p project) eachDocument(folder string, read func([]byte) error) error {
	return fs.WalkDir(p, folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == folder:
			return fs.SkipAll
		case err != nil:
			return err
		case entry.IsDir() || path.Ext(name) != ".yaml":
			return nil
		}
		content, err := fs.ReadFile(p, name)
		if err != nil {
			return err
		}
		for document := range bytes.SplitSeq(append([]byte("\n"), content...), []byte("\n---")) {
			if err := read(document); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}
