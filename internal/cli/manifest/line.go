package manifest

import (
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
)

// LineOf returns where a field stands, such as spec.roles[0].name, or the
// nearest one around it that is there.
func (d Document) LineOf(path string) int {
	if n := d.find(path); n != nil {
		return n.Line
	}
	return d.Line
}

// find returns the node of a path, or the last that is there on the way.
func (d Document) find(path string) *yamlv3.Node {
	at := d.node
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		next := child(at, strings.Trim(step, `"`))
		if next == nil {
			return at
		}
		at = next
	}
	return at
}

func child(n *yamlv3.Node, step string) *yamlv3.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yamlv3.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	case yamlv3.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	case yamlv3.AliasNode:
		return child(n.Alias, step)
	}
	return nil
}
