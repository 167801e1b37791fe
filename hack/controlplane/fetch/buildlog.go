package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// tailLines is how much of a failed build's log is shown.
const tailLines = 20

// A buildLog understands what "go build -v" prints while it passes it on. Its methods may be called at any time.
type buildLog struct {
	sink io.Writer // gets everything

	mu         sync.Mutex
	rest       []byte   // the line that is not complete yet
	tail       []string // the last lines that are not names of packages
	packages   int
	downloaded int
}

// Write takes a piece of the build's output.
func (l *buildLog) Write(piece []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, piece...)
	for {
		line, rest, complete := bytes.Cut(l.rest, []byte("\n"))
		if !complete {
			break
		}
		l.take(string(line))
		l.rest = rest
	}
	return l.sink.Write(piece)
}

// take files one line. A line without a blank is the name of a package that is being compiled.
func (l *buildLog) take(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		l.downloaded++
	case line != "" && !strings.ContainsAny(line, " \t"):
		l.packages++
	default:
		l.tail = append(l.tail, line)
		if len(l.tail) > tailLines {
			l.tail = l.tail[1:]
		}
	}
}

// String says how far the build is.
func (l *buildLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.packages > 0:
		return fmt.Sprintf("%d packages compiled", l.packages)
	case l.downloaded > 0:
		return fmt.Sprintf("%d modules downloaded", l.downloaded)
	default:
		return "nothing to compile so far"
	}
}

// explain shows the end of a build that failed with err and says what its reader can do. logFile has the whole of it.
func (l *buildLog) explain(err error, logFile string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := slices.Clone(l.tail)
	if len(l.rest) > 0 {
		lines = append(lines, string(l.rest))
	}
	text := strings.Join(lines, "\n")
	return fmt.Sprintf("  %s\nThe whole log is in %s.\nWhat to do: %s",
		strings.ReplaceAll(text, "\n", "\n  "), logFile, advice(text+err.Error()))
}

// advice turns the words of a failed build into a next step.
func advice(text string) string {
	known := []struct{ words, step string }{
		{"signal: killed", "the machine ran out of memory; try \"GOFLAGS=-p=1 make controlplane\"."},
		{"no space left on device", "make room on the disk, then run \"make controlplane\" again."},
		{"missing go.sum entry", "run \"go mod tidy\" in hack/controlplane and commit the result."},
		{"checksum mismatch", "a module differs from the one recorded in go.sum; do not go on before you know why."},
		{"go.mod requires go", "install a newer Go, or allow its download with \"go env -w GOTOOLCHAIN=auto\"."},
		{"dial tcp", offline},
		{"no such host", offline},
		{"403 Forbidden", offline},
		{"i/o timeout", offline},
		{"module lookup disabled", offline},
	}
	for _, k := range known {
		if strings.Contains(text, k.words) {
			return k.step
		}
	}
	return "run \"make controlplane\" again; what was compiled is kept. If it fails at the same place, the log tells why."
}

const offline = "a module could not be downloaded; see that \"go env GOPROXY\" names a proxy that this machine can " +
	"reach, then run \"make controlplane\" again."
