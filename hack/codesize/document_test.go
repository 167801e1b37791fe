package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlaceRow(t *testing.T) {
	for name, tc := range map[string]struct {
		reason    string
		document  string
		want      string
		wantError string
	}{
		"empty place": {
			reason:   "the first run fills the place",
			document: "above\n" + begin + "\n" + end + "\nbelow\n",
			want:     "above\n" + begin + "\n" + header + "| new |\n" + end + "\nbelow\n",
		},
		"earlier row": {
			reason:   "a later run leaves nothing of an earlier one",
			document: begin + "\n" + header + "| old |\n" + end + "\n",
			want:     begin + "\n" + header + "| new |\n" + end + "\n",
		},
		"no place":   {reason: "the document is not ours to restructure", document: "text\n", wantError: "no place"},
		"not closed": {reason: "all that follows would be lost", document: begin + "\ntext\n", wantError: "not closed"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := placeRow(tc.document, "| new |")
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("%s: got error %v, want one with %q", tc.reason, err, tc.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWriteThenCheck(t *testing.T) {
	root := t.TempDir()
	document := filepath.Join(root, "size.md")
	for name, content := range map[string]string{document: begin + "\n" + end + "\n", filepath.Join(root, "p.go"): "package p\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	for range 2 {
		if err := run([]string{"-root", root, "-write", "size.md"}, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := run([]string{"-root", root, "-check", "size.md"}, &out); err != nil {
		t.Errorf("a document that was just written fails the check: %v", err)
	}
	written, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := begin + "\n" + header + "| **Rollcall, measured** | 1 / 1 / 1 | 0 / 0 / 0 | 0 % |\n" + end + "\n"
	if diff := cmp.Diff(want, string(written)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if out.Len() > 0 {
		t.Errorf("-write and -check are quiet, got %q", out.String())
	}
}

func TestCheckWithoutPlace(t *testing.T) {
	root := t.TempDir()
	if err := run([]string{"-root", root, "-check", "size.md"}, &bytes.Buffer{}); err == nil {
		t.Error("a document that does not exist passes the check")
	}
}
