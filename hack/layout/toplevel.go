package main

import (
	"fmt"
	"slices"
	"strings"
)

// topLevelEntries is all that a newcomer has to take in at first sight.
func topLevelEntries() []string {
	return []string{
		"api", "cmd", "config", "controllers", "docs", "hack", "internal",
		"Dockerfile", "LICENSE", "Makefile", "PROJECT", "README.md", "go.mod", "go.sum",
	}
}

// uncommitted entries are made by tools and ignored by git.
func uncommitted() []string { return []string{"bin", "go.work", "go.work.sum"} }

func topLevel(p project) ([]finding, error) {
	entries, err := p.folder(".")
	if err != nil {
		return nil, err
	}
	allowed := append(topLevelEntries(), uncommitted()...)
	var found []finding
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || slices.Contains(allowed, name) {
			continue
		}
		found = append(found, finding{
			path: name,
			what: "does not belong at the top",
			todo: fmt.Sprintf("move it into one of %s", strings.Join(topLevelEntries()[:7], ", ")),
		})
	}
	return found, nil
}
