package main

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

const decisionFolder = "docs/adr"

// decisionSections are the sections of a decision record.
func decisionSections() []section {
	var sections []section
	for _, name := range []string{"Status", "Context", "Decision", "Refused", "Consequences"} {
		sections = append(sections, section{name, func(title string) bool { return title == name }})
	}
	return sections
}

// decisionRecords wants records numbered from 0001 without a gap, each with all sections. README.md may list them.
func decisionRecords(p project) ([]finding, error) {
	entries, err := p.folder(decisionFolder)
	if err != nil {
		return nil, err
	}
	var found []finding
	next := 1
	for _, entry := range entries {
		name := path.Join(decisionFolder, entry.Name())
		if entry.Name() == "README.md" {
			continue
		}
		number, ok := decisionNumber(entry.Name())
		if !ok {
			found = append(found, finding{
				path: name,
				what: "is not named like a decision",
				todo: "name it by number and subject, such as 0001-what-was-decided.md",
			})
			continue
		}
		if number != next {
			found = append(found, finding{
				path: name,
				what: fmt.Sprintf("%04d should come here", next),
				todo: "number the decisions without gaps and without repeating one",
			})
		}
		next = number + 1
		titles, err := p.headings(name)
		if err != nil {
			return nil, err
		}
		found = append(found, compareSections(name, titles, decisionSections())...)
	}
	return found, nil
}

// decisionNumber takes the number off a name such as 0001-what-was-decided.md.
func decisionNumber(name string) (int, bool) {
	digits, subject, found := strings.Cut(name, "-")
	number, err := strconv.Atoi(digits)
	ok := found && err == nil && len(digits) == 4 && number > 0 && path.Ext(subject) == ".md"
	return number, ok
}
