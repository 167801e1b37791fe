package main

import (
	"fmt"
	"path"
	"strings"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

// promise is the other thing that a story can prove.
const promise = "Promise_"

// storyNames wants the row that a story tells in the name of its test, so that a row without a story can be seen.
func storyNames(p project) ([]finding, error) {
	var found []finding
	for _, file := range p.source {
		if !isStory(file) {
			continue
		}
		for _, fn := range file.Functions() {
			name := fn.Name.Name
			if fn.Recv != nil || !strings.HasPrefix(name, "Test") || name == "TestMain" {
				continue
			}
			if len(rowsNamed(name)) > 0 || strings.Contains(name, promise) {
				continue
			}
			found = append(found, finding{
				path: file.Path,
				line: file.Line(fn.Pos()),
				what: name + " names no row that it tells",
				todo: fmt.Sprintf("put the row before an underscore, as in TestStory_HE3_TheMailHasOneButton, or %s", promise),
			})
		}
	}
	return found, nil
}

func isStory(file gosource.File) bool {
	matched, _ := path.Match("controllers/story_*_test.go", file.Path)
	return matched
}
