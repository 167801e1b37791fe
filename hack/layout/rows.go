package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// rows are what users can do, by the letters of the products that they come from; docs/dev/testing.md has the letters.
func rows() []string {
	return []string{
		"HR1", "HR2", "HR3", "HR4", "HR5a", "HR5b", "HR5c", "HR6", "HR7", "HR8",
		"LU1", "LU2", "LU3", "LU4",
		"CH1", "CH2", "CH3", "CH4", "CH5",
		"HE1", "HE2", "HE3", "HE4", "HE5",
		"HD1", "HD2", "HD3", "HD4", "HD5",
		"BY1", "BY2", "BY3", "BY4", "BY5", "BY6", "BY7", "BY8", "BY9", "BY10", "BY11", "BY12",
	}
}

// rowsNamed returns the rows in the name of a test, such as HR2 and HE3 of TestHR2_HE3_OneButton.
func rowsNamed(test string) []string {
	var named []string
	for part := range strings.SplitSeq(strings.TrimPrefix(test, "Test"), "_") {
		if slices.Contains(rows(), part) {
			named = append(named, part)
		}
	}
	return named
}

// printRows prints every row with its stories and the number of other tests that name it, so that one sees which row
// nobody has told yet.
func printRows(out io.Writer, p project) error {
	stories, others := map[string][]string{}, map[string]int{}
	for _, file := range p.source {
		for _, fn := range file.Functions() {
			if !file.IsTest() || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			for _, row := range rowsNamed(fn.Name.Name) {
				if isStory(file) {
					stories[row] = append(stories[row], fn.Name.Name)
				} else {
					others[row]++
				}
			}
		}
	}
	for _, row := range rows() {
		told := strings.Join(stories[row], ", ")
		if told == "" {
			told = "no story"
		}
		if _, err := fmt.Fprintf(out, "%-5s %3d other tests  %s\n", row, others[row], told); err != nil {
			return err
		}
	}
	return nil
}
