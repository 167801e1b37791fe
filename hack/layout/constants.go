package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

// explainedConstants wants the value of every condition and reason somewhere in the documents of the kinds.
func explainedConstants(p project) ([]finding, error) {
	words, err := p.specWords()
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, file := range p.source {
		if file.Folder() != apiFolder || file.IsTest() || file.IsGenerated() {
			continue
		}
		for _, c := range statusConstants(file) {
			if !words[c.value] {
				found = append(found, finding{
					path: file.Path,
					line: c.line,
					what: fmt.Sprintf("%s is explained nowhere", c.name),
					todo: fmt.Sprintf("tell in %s when %s is seen and what to do then", specFolder, c.value),
				})
			}
		}
	}
	return found, nil
}

func (p project) specWords() (map[string]bool, error) {
	entries, err := p.folder(specFolder)
	if err != nil {
		return nil, err
	}
	word := regexp.MustCompile(`\w+`)
	words := map[string]bool{}
	for _, entry := range entries {
		content, err := fs.ReadFile(p, path.Join(specFolder, entry.Name()))
		if err != nil {
			return nil, err
		}
		for _, w := range word.FindAllString(string(content), -1) {
			words[w] = true
		}
	}
	return words, nil
}

type statusConstant struct {
	name, value string
	line        int
}

// statusConstants returns the conditions and reasons that a file declares, by their names.
func statusConstants(file gosource.File) []statusConstant {
	var found []statusConstant
	for _, decl := range file.AST.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.CONST {
			continue
		}
		for _, spec := range general.Specs {
			if values, ok := spec.(*ast.ValueSpec); ok {
				found = append(found, statusConstantsOf(file, values)...)
			}
		}
	}
	return found
}

func statusConstantsOf(file gosource.File, spec *ast.ValueSpec) []statusConstant {
	var found []statusConstant
	for i, name := range spec.Names {
		if i >= len(spec.Values) || !slices.ContainsFunc([]string{"Condition", "Reason"}, func(prefix string) bool {
			return strings.HasPrefix(name.Name, prefix)
		}) {
			continue
		}
		literal, ok := spec.Values[i].(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			continue
		}
		if value, err := strconv.Unquote(literal.Value); err == nil {
			found = append(found, statusConstant{name.Name, value, file.Line(name.Pos())})
		}
	}
	return found
}
