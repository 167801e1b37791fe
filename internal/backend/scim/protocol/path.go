package protocol

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

// Path names an attribute of a resource in the notation of RFC 7644 section
// 3.10 and 3.5.2: userName, name.givenName, emails[type eq "work"].value, or
// with the URI of a schema in front, urn:…:enterprise:2.0:User:department. The
// zero Path names nothing. Paths are comparable only by [Path.String].
type Path struct {
	schema     string // without the colon; empty for the base schema
	attribute  string
	conditions []condition
	sub        string
}

// condition is "attribute eq value" of a value filter.
type condition struct {
	attribute string
	value     Value
}

// ParsePath reads a path. Of value filters it understands comparisons by eq
// with a string, a boolean or a number, joined by and. KindInvalid says what is wrong.
func ParsePath(text string) (Path, error) {
	p, err := parsePath(text)
	if err != nil {
		return Path{}, directory.Errorf(directory.KindInvalid, "read attribute path", "%w", err)
	}
	return p, nil
}

// MustPath is [ParsePath] for a path that is a constant of the program; it
// panics when that is not a path.
func MustPath(text string) Path {
	p, err := ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

// MemberPath is the path members[value eq "id"].
func MemberPath(id string) Path {
	return Path{attribute: "members", conditions: []condition{{attribute: "value", value: String(id)}}}
}

// IsZero reports whether the path names nothing.
func (p Path) IsZero() bool { return p.attribute == "" }

// Schema returns the URI in front; empty for an attribute of the base schema.
func (p Path) Schema() string { return p.schema }

// Attribute returns the name of the attribute, without sub-attribute.
func (p Path) Attribute() string { return p.attribute }

// Sub returns the name of the sub-attribute; empty for none.
func (p Path) Sub() string { return p.sub }

// Filtered reports whether the path selects among values.
func (p Path) Filtered() bool { return len(p.conditions) > 0 }

// Unfiltered returns the path without its value filter, as it is used in the
// attributes parameter and in schemas.
func (p Path) Unfiltered() Path {
	p.conditions = nil
	return p
}

// String returns the path in the notation that [ParsePath] reads.
func (p Path) String() string {
	var b strings.Builder
	if p.schema != "" {
		b.WriteString(p.schema + ":")
	}
	b.WriteString(p.attribute)
	if p.Filtered() {
		b.WriteString("[")
		for i, c := range p.conditions {
			if i > 0 {
				b.WriteString(" and ")
			}
			b.WriteString(c.attribute + " eq " + c.value.literal())
		}
		b.WriteString("]")
	}
	if p.sub != "" {
		b.WriteString("." + p.sub)
	}
	return b.String()
}

func parsePath(text string) (Path, error) {
	head, rest, filtered := strings.Cut(text, "[")
	var p Path
	if i := strings.LastIndexByte(head, ':'); i >= 0 {
		p.schema, head = head[:i], head[i+1:]
		if err := checkSchema(p.schema); err != nil {
			return Path{}, err
		}
	}
	if filtered {
		conditions, after, err := parseConditions(rest)
		if err != nil {
			return Path{}, err
		}
		p.conditions, head = conditions, head+after
		if after != "" && after[0] != '.' {
			return Path{}, fmt.Errorf("%q after a value filter", after)
		}
	}
	var dotted bool
	p.attribute, p.sub, dotted = strings.Cut(head, ".")
	if err := checkName(p.attribute); err != nil {
		return Path{}, err
	}
	if dotted {
		return p, checkName(p.sub)
	}
	return p, nil
}

// checkSchema refuses what can be no URI of a schema.
func checkSchema(uri string) error {
	if !strings.Contains(uri, ":") || strings.ContainsFunc(uri, func(r rune) bool {
		return r <= ' ' || r > unicode.MaxASCII || strings.ContainsRune(`"\[]{}<>,`, r)
	}) {
		return fmt.Errorf("%q is not the uri of a schema", uri)
	}
	return nil
}

// checkName holds names to RFC 7643 section 2.1, and allows $ref.
func checkName(name string) error {
	for i, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '$' && i == 0
		if !letter && (i == 0 || r != '-' && r != '_' && (r < '0' || r > '9')) {
			return fmt.Errorf("%q is not the name of an attribute", name)
		}
	}
	if name == "" {
		return fmt.Errorf("the name of an attribute is missing")
	}
	return nil
}

// parseConditions reads a value filter after its opening bracket, and returns
// what stands after the closing one.
func parseConditions(text string) ([]condition, string, error) {
	var all []condition
	for {
		name, rest, ok := cutWord(text)
		if !ok {
			return nil, "", fmt.Errorf("a value filter needs attribute eq value")
		}
		if err := checkName(name); err != nil {
			return nil, "", err
		}
		operator, rest, ok := cutWord(rest)
		if !ok || !strings.EqualFold(operator, "eq") {
			return nil, "", fmt.Errorf("a value filter compares with eq only")
		}
		value, rest, err := cutLiteral(rest)
		if err != nil {
			return nil, "", err
		}
		all = append(all, condition{attribute: name, value: value})
		if after, closed := strings.CutPrefix(rest, "]"); closed {
			return all, after, nil
		}
		joint, next, ok := cutWord(strings.TrimLeft(rest, " "))
		if !ok || !strings.EqualFold(joint, "and") || rest[0] != ' ' {
			return nil, "", fmt.Errorf("a value filter is not closed")
		}
		text = next
	}
}

// cutWord cuts off a word and the blanks around it.
func cutWord(text string) (string, string, bool) {
	word, rest, ok := strings.Cut(strings.TrimLeft(text, " "), " ")
	return word, strings.TrimLeft(rest, " "), ok && word != ""
}

// cutLiteral cuts off a JSON string, boolean or number, and blanks before a bracket.
func cutLiteral(text string) (Value, string, error) {
	end := strings.IndexAny(text, " ]")
	if strings.HasPrefix(text, `"`) {
		end = stringEnd(text)
	}
	if end < 0 {
		return Value{}, "", fmt.Errorf("a value filter is not closed")
	}
	value, err := ParseValue([]byte(text[:end]))
	if err != nil {
		return Value{}, "", fmt.Errorf("a value filter compares with a string, a boolean or a number")
	}
	switch value.raw.(type) {
	case nil, []any, map[string]any:
		return Value{}, "", fmt.Errorf("a value filter compares with a string, a boolean or a number")
	}
	rest := text[end:]
	if trimmed := strings.TrimLeft(rest, " "); strings.HasPrefix(trimmed, "]") {
		rest = trimmed
	}
	return value, rest, nil
}

// stringEnd returns the index after the JSON string that text begins with, -1
// when it does not end.
func stringEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}
