package safe_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/internal/cli/safe"
)

func TestText(t *testing.T) {
	for name, test := range map[string]struct{ reason, in, text, lines string }{
		"plain":       {"nothing to do", "Ada Lovelace", "Ada Lovelace", "Ada Lovelace"},
		"escape":      {"a terminal obeys it", "a\x1b[2Jb", `a\u001b[2Jb`, `a\u001b[2Jb`},
		"C1":          {"a terminal obeys it too", "a\u009b2Jb", `a\u009b2Jb`, `a\u009b2Jb`},
		"bell":        {"it rings", "\a", `\u0007`, `\u0007`},
		"line breaks": {"a second line could be taken for ours", "a\r\nb", `a\r\nb`, "a\\r\nb"},
		"separators":  {"some take them for line breaks", "a\u2028b", `a\u2028b`, `a\u2028b`},
		"tab":         {"it moves a column", "a\tb", `a\tb`, "a\tb"},
		"turned":      {"reads as something else", "a\u202egnp.exe", `a\u202egnp.exe`, `a\u202egnp.exe`},
		"isolates":    {"reads as something else", "\u2066a\u2069\u200f", `\u2066a\u2069\u200f`, `\u2066a\u2069\u200f`},
		"tag":         {"invisible", "a\U000e0041", `a\U000e0041`, `a\U000e0041`},
		"hebrew":      {"it is somebody's name", "דוגמה", "דוגמה", "דוגמה"},
		"four bytes":  {"it is somebody's name", "𝔸da 👩\u200d⚕️", "𝔸da 👩\u200d⚕️", "𝔸da 👩\u200d⚕️"},
		"not UTF-8":   {"a terminal may take it for C1", "a\x9bb\xff", `a\x9bb\xff`, `a\x9bb\xff`},
		"replacement": {"it stood there", "a\ufffdb", "a\ufffdb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := safe.Text(test.in); got != test.text {
				t.Errorf("%s: Text %q, want %q", test.reason, got, test.text)
			}
			if got := safe.Lines(test.in); got != test.lines {
				t.Errorf("%s: Lines %q, want %q", test.reason, got, test.lines)
			}
			var out bytes.Buffer
			w := safe.NewWriter(&out)
			for i := range len(test.in) {
				if n, err := w.Write([]byte{test.in[i]}); n != 1 || err != nil {
					t.Fatalf("wrote %d, %v", n, err)
				}
			}
			// What was begun at the very end is never finished.
			if name != "not UTF-8" && out.String() != test.lines {
				t.Errorf("%s: byte by byte %q, want %q", test.reason, out.String(), test.lines)
			}
		})
	}
}

func FuzzJSON(f *testing.F) {
	f.Add("a\u202eb\u009b\U000e0041\x1b\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip()
		}
		plain, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		escaped := safe.JSON(plain)
		for _, r := range string(escaped) {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q holds %U", escaped, r)
			}
		}
		var back string
		if err := json.Unmarshal(escaped, &back); err != nil || back != s {
			t.Errorf("%q became %q, %v", s, back, err)
		}
	})
}
