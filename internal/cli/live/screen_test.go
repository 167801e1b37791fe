package live_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/cli/live"
)

func TestScreen_Draw(t *testing.T) {
	var out bytes.Buffer
	s := live.NewScreen(&out, func() (int, int) { return 9, 4 })
	for _, lines := range [][]string{{"one", "two"}, {"\x1b[2Jx", "例え例え例え", "3", "4", "5"}, nil} {
		if err := s.Draw(lines); err != nil {
			t.Fatal(err)
		}
	}
	want := "one\ntwo\n" + "\x1b[2A\r\x1b[J" + "\\u001b[2\n例え例え\n3\n" + "\x1b[3A\r\x1b[J"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("drawn (-want +got):\n%s", diff)
	}
}

func TestNewScreen_WithoutATerminal(t *testing.T) {
	if h := live.NewScreen(&bytes.Buffer{}, nil).Height(); h != 23 {
		t.Errorf("height %d, want that of a terminal that does not tell", h)
	}
}

func TestCut(t *testing.T) {
	for name, test := range map[string]struct {
		reason, in, want string
		columns          int
	}{
		"fits":      {"as it is", "ada", "ada", 3},
		"cut":       {"what wraps cannot be replaced", "lovelace", "love", 4},
		"wide":      {"two columns each", "例え例", "例", 3},
		"combining": {"no column of their own", "e\u0301e\u0301e\u0301", "e\u0301e\u0301", 2},
		"none":      {"no room", "a", "", 0},
	} {
		if got := live.Cut(test.in, test.columns); got != test.want {
			t.Errorf("%s: %s: %q, want %q", name, test.reason, got, test.want)
		}
	}
}

func TestBar(t *testing.T) {
	for _, test := range []struct {
		done, total int
		want        string
	}{
		{0, 0, "[░░░░░░] 0/0"}, {0, 3, "[░░░░░░] 0/3"}, {1, 3, "[██░░░░] 1/3"}, {3, 3, "[██████] 3/3"}, {5, 3, "[██████] 5/3"},
	} {
		if got := live.Bar(test.done, test.total, 6); got != test.want {
			t.Errorf("%d of %d: %q, want %q", test.done, test.total, got, test.want)
		}
	}
}
