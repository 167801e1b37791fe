package statustest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Vocabulary is a set of reasons.
type Vocabulary map[string]bool

// conditionsFile declares the reasons, relative to the repository's root.
const conditionsFile = "api/v1alpha1/conditions.go"

// ReadVocabulary returns the values of the string constants in a Go file whose
// names begin with Reason. An error when it cannot be read, or has none.
func ReadVocabulary(file string) (Vocabulary, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read reasons: %w", err)
	}
	v := Vocabulary{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for i, name := range spec.Names {
			if value, ok := text(spec, i); ok && strings.HasPrefix(name.Name, "Reason") {
				v[value] = true
			}
		}
		return false
	})
	if len(v) == 0 {
		return nil, fmt.Errorf("read reasons: %s declares none", file)
	}
	return v, nil
}

// text returns the string that the i-th name of a declaration stands for.
func text(spec *ast.ValueSpec, i int) (string, bool) {
	if i >= len(spec.Values) {
		return "", false
	}
	literal, ok := spec.Values[i].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

// APIVocabulary returns the reasons that the API declares. It looks for them in
// the working directory and above it, where a test of this repository finds
// them, and panics where there are none: every check would be void.
func APIVocabulary() Vocabulary {
	dir, err := os.Getwd()
	for err == nil {
		file := filepath.Join(dir, filepath.FromSlash(conditionsFile))
		if _, missing := os.Stat(file); missing == nil {
			v, err := ReadVocabulary(file)
			if err != nil {
				panic("statustest: " + err.Error())
			}
			return v
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	panic("statustest: there is no " + conditionsFile + " in the working directory or above it")
}
