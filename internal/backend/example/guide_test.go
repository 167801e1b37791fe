package example_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheGuideQuotesTheExample proves that what the guide shows is what is
// compiled and tested here: each block of Go is somewhere in this folder, word
// by word.
func TestTheGuideQuotesTheExample(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/dev/writing-a-backend.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlocks(string(guide))
	if len(blocks) < 5 {
		t.Fatalf("the guide has %d blocks of Go", len(blocks))
	}
	source := folder(t)
	for _, block := range blocks {
		if !strings.Contains(source, block) {
			first, _, _ := strings.Cut(block, "\n")
			t.Errorf("this block of the guide is not in the example any more; quote it again: %s", first)
		}
	}
}

// goBlocks are the fenced blocks of Go in a document.
func goBlocks(document string) []string {
	var blocks []string
	for _, part := range strings.Split(document, "```go\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	return blocks
}

// folder is all Go of this folder.
func folder(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func TestGoBlocks(t *testing.T) {
	got := goBlocks("text\n```sh\nls\n```\n```go\nfunc f() {}\n```\nmore\n```go\nx\n```\n")
	if len(got) != 2 || got[0] != "func f() {}\n" || got[1] != "x\n" {
		t.Errorf("the blocks are %q", got)
	}
}
