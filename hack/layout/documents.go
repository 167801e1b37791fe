package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// section is a heading that a document must have.
type section struct {
	name    string
	matches func(title string) bool
}

// specSections are the sections of a kind's document, so that whoever knows one finds their way in all.
func specSections() []section {
	return []section{
		{"Example", func(title string) bool { return title == "Example" }},
		{"Writing a ...", func(title string) bool { return strings.HasPrefix(title, "Writing") }},
		{"Working with ...", func(title string) bool { return strings.HasPrefix(title, "Working with") }},
		{"... status", func(title string) bool { return strings.HasSuffix(strings.ToLower(title), "status") }},
	}
}

// specDocuments wants a document for each kind, with the sections in their order and no others.
func specDocuments(p project) ([]finding, error) {
	var found []finding
	for _, k := range p.kinds {
		name := path.Join(specFolder, strings.ToLower(k.name)+".md")
		titles, err := p.headings(name)
		if errors.Is(err, fs.ErrNotExist) {
			found = append(found, finding{path: name, what: "does not exist", todo: "write down how one uses the kind " + k.name})
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, compareSections(name, titles, specSections())...)
	}
	return found, nil
}

// compareSections tells the first heading that is not where it should be; the rest follows from it.
func compareSections(name string, titles []string, sections []section) []finding {
	var order []string
	for _, s := range sections {
		order = append(order, s.name)
	}
	todo := fmt.Sprintf("the sections are %s, in this order", strings.Join(order, ", "))
	for i, s := range sections {
		switch {
		case i >= len(titles):
			return []finding{{path: name, what: fmt.Sprintf("no section %q", s.name), todo: todo}}
		case !s.matches(titles[i]):
			return []finding{{path: name, what: fmt.Sprintf("section %q where %q should stand", titles[i], s.name), todo: todo}}
		}
	}
	if len(titles) > len(sections) {
		return []finding{{
			path: name,
			what: fmt.Sprintf("section %q is one too many", titles[len(sections)]),
			todo: "make it part of another; " + todo,
		}}
	}
	return nil
}

// headings returns the titles of the second level, without what looks like one in a code block.
func (p project) headings(name string) ([]string, error) {
	content, err := fs.ReadFile(p, name)
	if err != nil {
		return nil, err
	}
	var titles []string
	inCode := false
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
		}
		if title, ok := strings.CutPrefix(line, "## "); ok && !inCode {
			titles = append(titles, strings.TrimSpace(title))
		}
	}
	return titles, nil
}
