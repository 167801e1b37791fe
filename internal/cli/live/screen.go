package live

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"

	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

// What a terminal has that does not tell.
const (
	defaultWidth  = 80
	defaultHeight = 24
)

// Screen is a terminal that is drawn on.
type Screen struct {
	to    io.Writer
	size  func() (int, int)
	drawn int
}

// NewScreen returns one for a terminal; size tells its columns and rows, nil
// asks the terminal itself.
func NewScreen(to io.Writer, size func() (int, int)) *Screen {
	if size == nil {
		size = func() (int, int) { return sizeOf(to) }
	}
	return &Screen{to: to, size: size}
}

func sizeOf(to io.Writer) (int, int) {
	if file, ok := to.(interface{ Fd() uintptr }); ok {
		if columns, rows, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return defaultWidth, defaultHeight
}

// Height is how many lines fit.
func (s *Screen) Height() int {
	_, rows := s.size()
	return max(rows-1, 1)
}

// Draw replaces what was drawn before by these lines; those that do not fit are
// left out.
func (s *Screen) Draw(lines []string) error {
	columns, _ := s.size()
	lines = lines[:min(len(lines), s.Height())]
	var out strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&out, "\x1b[%dA\r\x1b[J", s.drawn)
	}
	for _, line := range lines {
		out.WriteString(Cut(safe.Text(line), columns-1) + "\n")
	}
	s.drawn = len(lines)
	_, err := io.WriteString(s.to, out.String())
	return err
}

// Cut returns as much of a line as fits into so many columns.
func Cut(line string, columns int) string {
	at := 0
	for i, r := range line {
		if at += columnsOf(r); at > columns {
			return line[:i]
		}
	}
	return line
}

func columnsOf(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// Bar is a progress bar of so many columns, with the numbers after it.
func Bar(done, total, columns int) string {
	filled := 0
	if total > 0 {
		filled = min(done, total) * columns / total
	}
	return fmt.Sprintf("[%s%s] %d/%d", strings.Repeat("█", filled), strings.Repeat("░", columns-filled), done, total)
}
