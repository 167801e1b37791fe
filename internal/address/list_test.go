package address_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/address"
)

// row is an Entry as tables write it: err is a part of the message.
type row struct {
	line                   int
	text, name, addr, says string
}

func compare(t *testing.T, want []row, got []address.Entry) {
	t.Helper()
	var rows []row
	for i, e := range got {
		r := row{line: e.Line, text: e.Text, name: e.Name, addr: e.Address.String()}
		if e.Err != nil {
			r.says = e.Err.Error()
			checkMessage(t, e.Err)
			if i < len(want) && want[i].says != "" && strings.Contains(r.says, want[i].says) {
				r.says = want[i].says
			}
		}
		rows = append(rows, r)
	}
	if diff := cmp.Diff(want, rows, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestHR8_ParseList(t *testing.T) {
	for name, tc := range map[string]struct {
		text   string
		want   []row
		reason string
	}{
		"nothing": {text: " \n,;\n\t", reason: "blank items are skipped"},
		"every separator": {
			text: "a@x.com, b@x.com;c@x.com\nd@x.com\r\ne@x.com\rf@x.com",
			want: []row{
				{1, "a@x.com", "", "a@x.com", ""},
				{1, "b@x.com", "", "b@x.com", ""},
				{1, "c@x.com", "", "c@x.com", ""},
				{2, "d@x.com", "", "d@x.com", ""},
				{3, "e@x.com", "", "e@x.com", ""},
				{4, "f@x.com", "", "f@x.com", ""},
			},
			reason: "one list may mix them",
		},
		"names": {
			text: "\ufeff\"Lovelace, Ada\" <Ada@X.com>, Bob   B. <bob@x.com>;<c@x.com>\n\n\"O\\\"Neil; C\\\\\"  <d@x.com>",
			want: []row{
				{1, `"Lovelace, Ada" <Ada@X.com>`, "Lovelace, Ada", "ada@x.com", ""},
				{1, `Bob   B. <bob@x.com>`, "Bob B.", "bob@x.com", ""},
				{1, `<c@x.com>`, "", "c@x.com", ""},
				{3, `"O\"Neil; C\\"  <d@x.com>`, `O"Neil; C\`, "d@x.com", ""},
			},
			reason: "a quoted name may hold separators and quotation marks",
		},
		"garbage between": {
			text: "a@x.com\nnot an address\n,b@,\nb@x.com",
			want: []row{
				{1, "a@x.com", "", "a@x.com", ""},
				{2, "not an address", "", "", "there is no @"},
				{3, "b@", "", "", "nothing after the @"},
				{4, "b@x.com", "", "b@x.com", ""},
			},
			reason: "one wrong item spoils no other, and is found by its line",
		},
		"stray quotation mark": {
			text: "\"Ada <a@x.com>, b@x.com\nc@x.com\"\n\"d@x.com",
			want: []row{
				{1, `"Ada <a@x.com>`, `"Ada`, "a@x.com", ""},
				{1, "b@x.com", "", "b@x.com", ""},
				{2, `c@x.com"`, "", "", "quotation marks"},
				{3, `"d@x.com`, "", "", "quotation marks"},
			},
			reason: "it swallows nothing",
		},
		"quoted fields": {
			text: `"a@x.com","b@x.com"`,
			want: []row{
				{1, `"a@x.com"`, "", "a@x.com", ""},
				{1, `"b@x.com"`, "", "b@x.com", ""},
			},
			reason: "exported from a spreadsheet",
		},
		"name repeats address": {
			text: "'A@x.com' <a@x.com>, a@x.com <a@x.com>, b@x.com <a@x.com>",
			want: []row{
				{1, "'A@x.com' <a@x.com>", "", "a@x.com", ""},
				{1, "a@x.com <a@x.com>", "", "a@x.com", ""},
				{1, "b@x.com <a@x.com>", "b@x.com", "a@x.com", ""},
			},
			reason: "an address is nobody's name, unless it is another's",
		},
		"broken brackets": {
			text: "Ada <a@x.com\nAda <a@x.com> (work)\nAda <>\nAda a@x.com>\n<a@x.com> <b@x.com>",
			want: []row{
				{1, "Ada <a@x.com", "", "", "end with >"},
				{2, "Ada <a@x.com> (work)", "", "", "end with >"},
				{3, "Ada <>", "", "", "missing"},
				{4, "Ada a@x.com>", "", "", "angle brackets"},
				{5, "<a@x.com> <b@x.com>", "", "", "more than one pair"},
			},
			reason: "each says what is wrong",
		},
		"control character in name": {
			text:   "A\x00da <a@x.com>\nA\tda <a@x.com>",
			want:   []row{{1, "A\x00da <a@x.com>", "", "", "control character"}, {2, "A\tda <a@x.com>", "A da", "a@x.com", ""}},
			reason: "names reach mail headers",
		},
		"name not UTF-8": {
			text:   "A\xffda <a@x.com>",
			want:   []row{{1, "A\xffda <a@x.com>", "A\ufffdda", "a@x.com", ""}},
			reason: "names reach manifests, which are UTF-8",
		},
		"unicode line breaks": {
			text:   "a@x.com\u2028b@x.com\u0085c@x.com",
			want:   []row{{1, "a@x.com", "", "a@x.com", ""}, {2, "b@x.com", "", "b@x.com", ""}, {3, "c@x.com", "", "c@x.com", ""}},
			reason: "pasted from a word processor",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Log(tc.reason)
			compare(t, tc.want, address.ParseList(tc.text))
		})
	}
}

func TestParseEntry(t *testing.T) {
	compare(t, []row{{1, `"Lovelace, Ada" <ADA@x.com>`, "Lovelace, Ada", "ada@x.com", ""}},
		[]address.Entry{address.ParseEntry("  \"Lovelace, Ada\" <ADA@x.com>\n")})
	compare(t, []row{{1, "a@x.com, b@x.com", "", "", "more than one @"}},
		[]address.Entry{address.ParseEntry("a@x.com, b@x.com")})
	compare(t, []row{{1, "", "", "", "missing"}}, []address.Entry{address.ParseEntry(" ")})
}

func TestBY3_TenThousandLinesKeepTheirNumbers(t *testing.T) {
	entries := address.ParseList(longList(10_000))
	if len(entries) != 10_000 {
		t.Fatalf("%d entries", len(entries))
	}
	for i, e := range entries {
		if e.Line != i+1 || e.Err != nil || e.Address.String() != fmt.Sprintf("person%d@example.com", i) {
			t.Fatalf("entry %d is %+v", i, e)
		}
	}
}

func longList(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\"Last%d, First\" <Person%d@Example.com>,\n", i, i)
	}
	return b.String()
}

func BenchmarkParseList10000(b *testing.B) {
	text := longList(10_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		address.ParseList(text)
	}
}

// BenchmarkParseListHostile shows that nothing makes it quadratic: compare the
// two sizes, which should be a factor of ten apart.
func BenchmarkParseListHostile(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		for _, part := range []string{`"`, `"\`, `",`, `"<`, `" <,`, `\",`, "<", "@", ` "\,`, `"";`} {
			b.Run(fmt.Sprintf("%q/%d", part, n), func(b *testing.B) {
				text := strings.Repeat(part, n)
				for b.Loop() {
					address.ParseList(text)
				}
			})
		}
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("a@x.com, \"b, c\" <b@x.com>", "garbage \"")
	f.Add("\"\\", "\",\" <")
	f.Add("<<>>", "\r\r\n\u2028")
	f.Fuzz(func(t *testing.T, before, after string) {
		const valid = "found@example.com"
		text := before + "\n" + valid + "\n" + after
		found := false
		line := 0
		for _, e := range address.ParseList(text) {
			if e.Line < line {
				t.Fatalf("line %d after line %d", e.Line, line)
			}
			line = e.Line
			checkEntry(t, text, e)
			found = found || e.Text == valid && e.Address.String() == valid
		}
		if !found {
			t.Fatalf("ParseList(%q) lost %s", text, valid)
		}
		checkNothingLost(t, before)
	})
}

func checkEntry(t *testing.T, text string, e address.Entry) {
	t.Helper()
	if e.Text == "" || !strings.Contains(text, e.Text) {
		t.Fatalf("%q is not in %q", e.Text, text)
	}
	if (e.Err == nil) == (e.Address == address.Address{}) {
		t.Fatalf("%q reads %q, %v", e.Text, e.Address, e.Err)
	}
	if e.Err != nil {
		checkMessage(t, e.Err)
	}
	if strings.ContainsFunc(e.Name, unicode.IsControl) || !utf8.ValidString(e.Name) {
		t.Fatalf("%q is a name", e.Name)
	}
}

// checkNothingLost holds for texts without quotation marks, where whatever
// stands between two separators is an item.
func checkNothingLost(t *testing.T, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, `"`, "")
	got := map[address.Address]bool{}
	for _, e := range address.ParseList(text) {
		got[e.Address] = true
	}
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\r\n\u0085\u2028\u2029", r) }) {
		if a, err := address.Parse(part); err == nil && !got[a] {
			t.Fatalf("ParseList(%q) lost %q", text, a)
		}
	}
}
