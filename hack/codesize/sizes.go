package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/rollcall-dev/rollcall/hack/gosource"
)

// long is the number of lines above which a function is counted as long.
const long = 50

// place is something measured, and where it stands.
type place struct {
	where string
	lines int
}

// sizes holds what was measured, the longest first.
type sizes struct {
	files     []place
	functions []place
}

func measure(files []gosource.File) sizes {
	var s sizes
	for _, file := range files {
		if file.IsTest() || file.IsGenerated() {
			continue
		}
		s.files = append(s.files, place{file.Path, file.Lines})
		for _, fn := range file.Functions() {
			first, last := file.Line(fn.Pos()), file.Line(fn.End())
			s.functions = append(s.functions, place{
				where: fmt.Sprintf("%s:%d: %s", file.Path, first, fn.Name.Name),
				lines: last - first + 1,
			})
		}
	}
	longestFirst := func(a, b place) int {
		return cmp.Or(cmp.Compare(b.lines, a.lines), cmp.Compare(a.where, b.where))
	}
	slices.SortFunc(s.files, longestFirst)
	slices.SortFunc(s.functions, longestFirst)
	return s
}

// row is the measurement as a row of the table: median, 95th percentile and maximum of the lines of files and of
// functions, and the share of long functions.
func (s sizes) row() string {
	return fmt.Sprintf("| **Rollcall, measured** | %s | %s | %s |",
		distribution(s.files), distribution(s.functions), share(s.functions))
}

func (s sizes) printLongest(out io.Writer, n int) error {
	for _, places := range [][]place{s.functions, s.files} {
		for _, p := range places[:min(n, len(places))] {
			if _, err := fmt.Fprintf(out, "%5d %s\n", p.lines, p.where); err != nil {
				return err
			}
		}
	}
	return nil
}

func distribution(longestFirst []place) string {
	return fmt.Sprintf("%d / %d / %d", percentile(longestFirst, 50), percentile(longestFirst, 95), percentile(longestFirst, 100))
}

// percentile is the nearest rank: the smallest length that at least p percent do not exceed. It is 0 of nothing.
func percentile(longestFirst []place, p int) int {
	n := len(longestFirst)
	if n == 0 {
		return 0
	}
	rank := (p*n + 99) / 100
	return longestFirst[n-rank].lines
}

func share(longestFirst []place) string {
	if len(longestFirst) == 0 {
		return "0 %"
	}
	count := 0
	for _, p := range longestFirst {
		if p.lines > long {
			count++
		}
	}
	return fmt.Sprintf("%.1f %%", 100*float64(count)/float64(len(longestFirst)))
}
