package main

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxMainLines leaves room for parsing, building and running, and for nothing else.
const maxMainLines = 40

// emptyNames are names that say nothing about what a package is for, so that everything ends up in it.
func emptyNames() []string {
	return []string{
		"base", "common", "commons", "error", "errors", "helper", "helpers", "misc", "shared", "type", "types",
		"util", "utils",
	}
}

// packageComments wants a doc.go with the package comment in every folder that has Go files.
func packageComments(p project) ([]finding, error) {
	comments := map[string]string{}
	names := map[string]string{}
	for _, file := range p.source {
		folder := file.Folder()
		if _, seen := comments[folder]; !seen {
			comments[folder] = ""
		}
		names[folder] = strings.TrimSuffix(file.AST.Name.Name, "_test")
		if path.Base(file.Path) == "doc.go" {
			comments[folder] = file.AST.Doc.Text()
		}
	}
	var found []finding
	for _, folder := range slices.Sorted(maps.Keys(comments)) {
		opening := "Package " + names[folder] + " "
		if names[folder] == "main" {
			opening = "Command " + path.Base(folder) + " "
		}
		if strings.HasPrefix(comments[folder], opening) {
			continue
		}
		found = append(found, finding{
			path: folder + "/doc.go",
			what: "no package comment",
			todo: fmt.Sprintf("say there what it is for, what it promises and what it does not, beginning with %q", opening+"..."),
		})
	}
	return found, nil
}

func packageNames(p project) ([]finding, error) {
	var found []finding
	seen := map[string]bool{}
	for _, file := range p.source {
		name := strings.TrimSuffix(file.AST.Name.Name, "_test")
		if folder := path.Base(file.Folder()); slices.Contains(emptyNames(), folder) {
			name = folder
		}
		if seen[file.Folder()] || !slices.Contains(emptyNames(), name) {
			continue
		}
		seen[file.Folder()] = true
		found = append(found, finding{
			path: file.Folder(),
			what: fmt.Sprintf("%q says nothing about what the package is for", name),
			todo: "name it by the concept it holds",
		})
	}
	return found, nil
}

func mainLength(p project) ([]finding, error) {
	var found []finding
	for _, file := range p.source {
		if ok, _ := path.Match("cmd/*/main.go", file.Path); ok && file.Lines > maxMainLines {
			found = append(found, finding{
				path: file.Path,
				what: fmt.Sprintf("%d lines, more than %d", file.Lines, maxMainLines),
				todo: "only parse, build and run here; move the rest to internal/app or internal/cli",
			})
		}
	}
	return found, nil
}
