package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

const (
	apiFolder    = "api/v1alpha1"
	apiGroup     = "iam.rollcall.dev"
	apiVersion   = "v1alpha1"
	rootMarker   = "+kubebuilder:object:root=true"
	listSuffix   = "List"
	specFolder   = "docs/spec/v1alpha1"
	crdFolder    = "config/crd/bases"
	sampleFolder = "config/samples"
)

// kind is a kind of the API, and the file that declares it.
type kind struct {
	name string
	path string
}

// kindsOf returns the kinds by the marker that controller-gen goes by, without their lists.
func kindsOf(source []gosource.File) []kind {
	var kinds []kind
	for _, file := range source {
		if file.Folder() != apiFolder || file.IsTest() || file.IsGenerated() {
			continue
		}
		for _, name := range markedTypes(file) {
			if !strings.HasSuffix(name, listSuffix) {
				kinds = append(kinds, kind{name: name, path: file.Path})
			}
		}
	}
	return kinds
}

// markedTypes returns the types with the marker anywhere between the declaration before and their own: controller-gen
// takes markers that an empty line parts from the doc comment, which Go's parser does not count as part of it.
func markedTypes(file gosource.File) []string {
	var names []string
	previous := file.AST.Name.End()
	for _, decl := range file.AST.Decls {
		if spec := declaredType(decl); spec != nil && markedBetween(file, previous, decl.Pos()) {
			names = append(names, spec.Name.Name)
		}
		previous = decl.End()
	}
	return names
}

func declaredType(decl ast.Decl) *ast.TypeSpec {
	general, ok := decl.(*ast.GenDecl)
	if !ok || general.Tok != token.TYPE || len(general.Specs) != 1 {
		return nil
	}
	spec, ok := general.Specs[0].(*ast.TypeSpec)
	if !ok {
		return nil
	}
	return spec
}

func markedBetween(file gosource.File, from, to token.Pos) bool {
	return slices.ContainsFunc(file.AST.Comments, func(group *ast.CommentGroup) bool {
		return group.Pos() >= from && group.End() <= to && slices.ContainsFunc(group.List, isRootMarker)
	})
}

func isRootMarker(comment *ast.Comment) bool {
	return strings.TrimSpace(strings.TrimPrefix(comment.Text, "//")) == rootMarker
}
