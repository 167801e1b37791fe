package people

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/reference"
)

const (
	// MaxSize is the largest table that is read, in bytes.
	MaxSize = 64 << 20
	// maxLines is how many people a table has at most.
	maxLines = 200_000
)

// Options say what everybody of a table gets.
type Options struct {
	Organization, Namespace string
	// Template is what each User begins with. Required.
	Template func() *v1alpha1.User
	// Refused says what the API server would refuse of a User; nil refuses nothing.
	Refused func(*v1alpha1.User) []error
}

// Problem is what is wrong with a line.
type Problem struct {
	// Line is the one of the file where the record begins, from 1.
	Line int `json:"line"`
	// Message says what is wrong and what to write instead.
	Message string `json:"message"`
}

// String is one line.
func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Message) }

// Read reads a table whose first line has the headers. Users come in the order
// of their lines. An error means that it is no table at all.
func Read(from io.Reader, o Options) ([]*v1alpha1.User, []Problem, error) {
	text, err := io.ReadAll(io.LimitReader(from, MaxSize+1))
	if err != nil {
		return nil, nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case len(text) > MaxSize:
		return nil, nil, fmt.Errorf("the table is larger than %d MiB; split it", MaxSize>>20)
	case !utf8.Valid(text):
		return nil, nil, errors.New("the table is not UTF-8 text; export it again as CSV UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator(text), -1, true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("the table is empty; its first line has the headers, of %s", strings.Join(Headers(), ", "))
	}
	if err != nil {
		return nil, nil, err
	}
	t, err := newTable(header, o)
	if err != nil {
		return nil, nil, err
	}
	return t.read(r)
}

// separator is what stands most often in the first line.
func separator(text []byte) rune {
	head, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, r := range []rune{';', '\t'} {
		if bytes.Count(head, []byte(string(r))) > bytes.Count(head, []byte(string(best))) {
			best = r
		}
	}
	return best
}

// table is one that is being read.
type table struct {
	Options

	columns   []column
	headers   []string
	addresses map[string]int
	names     map[string]int
	problems  []Problem
}

func newTable(header []string, o Options) (*table, error) {
	t := &table{Options: o, headers: header, addresses: map[string]int{}, names: map[string]int{}}
	seen := map[string]bool{}
	var wrong []error
	for _, h := range header {
		c, err := find(h)
		if err == nil && seen[plain(h)] {
			err = fmt.Errorf("the column %q is there twice", h)
		}
		seen[plain(h)] = true
		wrong, t.columns = append(wrong, err), append(t.columns, c)
	}
	if !seen["email"] {
		wrong = append(wrong, errors.New("there is no column email"))
	}
	return t, errors.Join(wrong...)
}

func (t *table) read(r *csv.Reader) ([]*v1alpha1.User, []Problem, error) {
	var users []*v1alpha1.User
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return users, t.problems, nil
		}
		if n == maxLines {
			return nil, nil, fmt.Errorf("the table has more than %d lines; split it", maxLines)
		}
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			t.problem(parse.StartLine, fmt.Errorf("%w; a quotation mark is written twice inside quotation marks", parse.Err))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		if u := t.user(line, record); u != nil {
			users = append(users, u)
		}
	}
}

func (t *table) problem(line int, err error) {
	t.problems = append(t.problems, Problem{Line: line, Message: oneLine(err)})
}

// user reads one line; nil means that it is empty, or that something is wrong with it.
func (t *table) user(line int, record []string) *v1alpha1.User {
	if strings.TrimSpace(strings.Join(record, "")) == "" {
		return nil
	}
	if len(record) != len(t.columns) {
		t.problem(line, fmt.Errorf("has %d values where the headers are %d", len(record), len(t.columns)))
		return nil
	}
	u, before := t.Template(), len(t.problems)
	for i, value := range record {
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if err := t.columns[i](u, value); err != nil {
			t.problem(line, fmt.Errorf("%s: %w", strings.TrimSpace(t.headers[i]), err))
		}
	}
	if len(t.problems) > before {
		return nil
	}
	if t.complete(line, u); len(t.problems) > before {
		return nil
	}
	t.addresses[u.Spec.Email], t.names[u.Name] = line, line
	return u
}

// complete gives a User what no column gives, and checks it as a whole.
func (t *table) complete(line int, u *v1alpha1.User) {
	u.Namespace, u.Spec.OrganizationRef.Name = t.Namespace, t.Organization
	if u.Spec.Email == "" {
		t.problem(line, errors.New("email: an address is missing"))
		return
	}
	if u.Name == "" {
		u.Name = reference.UserName(t.Organization, u.Spec.Email)
	}
	if at, twice := t.addresses[u.Spec.Email]; twice {
		t.problem(line, fmt.Errorf("email: the same address stands in line %d", at))
	} else if at, twice := t.names[u.Name]; twice {
		t.problem(line, fmt.Errorf("name: %q stands in line %d", u.Name, at))
	}
	if t.Refused != nil {
		for _, err := range t.Refused(u) {
			t.problem(line, err)
		}
	}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
