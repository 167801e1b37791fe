package main

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"strconv"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

// finding is one thing that is not as the project wants it.
type finding struct {
	// path is relative to the repository; line is 0 where there is none to tell.
	path string
	line int
	// what is wrong, and todo what makes it right, each in half a sentence.
	what, todo string
}

// String is one line.
func (f finding) String() string {
	where := f.path
	if f.line > 0 {
		where += ":" + strconv.Itoa(f.line)
	}
	return where + ": " + f.what + ": " + f.todo
}

// project is what the rules look at.
type project struct {
	fs.FS

	source []gosource.File
	kinds  []kind
}

// rule looks at one side of the project. An error means that it could not look.
type rule func(project) ([]finding, error)

// open reads the code of the repository.
func open(repository fs.FS) (project, error) {
	source, err := gosource.Files(repository)
	if err != nil {
		return project{}, err
	}
	return project{FS: repository, source: source, kinds: kindsOf(source)}, nil
}

// inspect returns everything found by all rules, in the order of the paths.
func inspect(p project) ([]finding, error) {
	var findings []finding
	for _, look := range []rule{
		topLevel,
		packageComments,
		packageNames,
		mainLength,
		projectFile,
		customResourceDefinitions,
		samples,
		specDocuments,
		explainedConstants,
		storyNames,
		decisionRecords,
	} {
		found, err := look(p)
		if err != nil {
			return nil, err
		}
		findings = append(findings, found...)
	}
	slices.SortStableFunc(findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	return findings, nil
}

// folder lists a folder; one that does not exist is empty.
func (p project) folder(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(p, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}
