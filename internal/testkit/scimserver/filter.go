package scimserver

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/elimity-com/scim/errors"
	filter "github.com/scim2/filter-parser/v2"
)

// matches says whether a resource, as it would be answered, passes the filter.
// The library's own evaluation knows no attributes of lists, such as
// emails.value.
func matches(resource map[string]any, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return matches(resource, e.Left) && matches(resource, e.Right)
		}
		return matches(resource, e.Left) || matches(resource, e.Right)
	case *filter.NotExpression:
		return !matches(resource, e.Expression)
	case *filter.ValuePath:
		for _, element := range elements(lookUp(resource, e.AttributePath.URI(), e.AttributePath.AttributeName)) {
			if m, ok := element.(map[string]any); ok && matches(m, e.ValueFilter) {
				return true
			}
		}
		return false
	case *filter.AttributeExpression:
		return slices.ContainsFunc(valuesAt(resource, e.AttributePath), func(value any) bool {
			return compare(value, e, exact(e.AttributePath))
		})
	default:
		return false
	}
}

// exact says whether letters' case counts: for what RFC 7643 calls caseExact,
// and for references to ids.
func exact(path filter.AttributePath) bool {
	name, sub := strings.ToLower(path.AttributeName), strings.ToLower(path.SubAttributeName())
	switch name {
	case "id", "externalid", "value":
		return true
	case "members", "groups", "manager":
		return sub == "" || sub == "value"
	default:
		return false
	}
}

// valuesAt are the values that a path leads to; of a complex one without a
// sub-attribute the sub-attribute "value" is meant (RFC 7643 section 2.4).
func valuesAt(resource map[string]any, path filter.AttributePath) []any {
	sub := path.SubAttributeName()
	var values []any
	for _, element := range elements(lookUp(resource, path.URI(), path.AttributeName)) {
		m, complexValue := element.(map[string]any)
		switch {
		case !complexValue && sub == "":
			values = append(values, element)
		case complexValue && sub == "":
			values = append(values, elements(field(m, "value"))...)
		case complexValue:
			values = append(values, elements(field(m, sub))...)
		}
	}
	return values
}

func lookUp(resource map[string]any, uri, name string) any {
	if extension, ok := resource[uri].(map[string]any); ok {
		return field(extension, name)
	}
	return field(resource, name)
}

// field finds an attribute by its name, in whose letters case does not count.
func field(m map[string]any, name string) any {
	if value, ok := m[name]; ok {
		return value
	}
	for key, value := range m {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

func compare(value any, e *filter.AttributeExpression, exact bool) bool {
	if e.Operator == filter.PR {
		return value != nil && value != ""
	}
	switch value := value.(type) {
	case string:
		wanted, ok := literal(e)
		if !ok {
			return false
		}
		if !exact {
			value, wanted = strings.ToLower(value), strings.ToLower(wanted)
		}
		return compareStrings(value, wanted, e.Operator)
	case bool:
		wanted, ok := e.CompareValue.(bool)
		return ok && (value == wanted) == (e.Operator == filter.EQ)
	default:
		number, ok := asNumber(value)
		wanted, isNumber := asNumber(e.CompareValue)
		return ok && isNumber && ordered(cmp.Compare(number, wanted), e.Operator)
	}
}

// literal is the string that is compared with. The library leaves it as it
// stands between the quotes; RFC 7644 section 3.4.2.2 has it escaped as in JSON.
func literal(e *filter.AttributeExpression) (string, bool) {
	quoted, ok := e.CompareValue.(string)
	var plain string
	if !ok || json.Unmarshal([]byte(`"`+quoted+`"`), &plain) != nil {
		return quoted, ok
	}
	return plain, true
}

func compareStrings(value, wanted string, operator filter.CompareOperator) bool {
	switch operator {
	case filter.CO:
		return strings.Contains(value, wanted)
	case filter.SW:
		return strings.HasPrefix(value, wanted)
	case filter.EW:
		return strings.HasSuffix(value, wanted)
	default:
		return ordered(strings.Compare(value, wanted), operator)
	}
}

func ordered(sign int, operator filter.CompareOperator) bool {
	switch operator {
	case filter.EQ:
		return sign == 0
	case filter.NE:
		return sign != 0
	case filter.GT:
		return sign > 0
	case filter.GE:
		return sign >= 0
	case filter.LT:
		return sign < 0
	case filter.LE:
		return sign <= 0
	default:
		return false
	}
}

func asNumber(value any) (float64, bool) {
	switch value := value.(type) {
	case int:
		return float64(value), true
	case int64:
		return float64(value), true
	case float64:
		return value, true
	default:
		return 0, false
	}
}

// permitted refuses a filter that the service provider does not know.
func (q Quirks) permitted(e filter.Expression, kind kind) error {
	if e == nil || q.Filter != FilterEq {
		return nil
	}
	known := q.FilterAttributes
	if len(known) == 0 {
		known = []string{kind.nameAttribute(), "externalId"}
	}
	if !equalities(e, known) {
		return errors.ScimErrorInvalidFilter
	}
	return nil
}

// equalities says whether the filter is made of nothing but equalities on known
// attributes, all of which must hold.
func equalities(e filter.Expression, known []string) bool {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		return e.Operator == filter.EQ && slices.ContainsFunc(known, func(name string) bool {
			return strings.EqualFold(name, e.AttributePath.String())
		})
	case *filter.LogicalExpression:
		return e.Operator == filter.AND && equalities(e.Left, known) && equalities(e.Right, known)
	default:
		return false
	}
}

// candidates narrows a listing down by what is indexed, so that a filter on a
// name or an externalId costs no walk through the whole table.
func (t *table) candidates(e filter.Expression, kind kind) []*record {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			return t.candidates(e.Left, kind)
		}
	case *filter.AttributeExpression:
		wanted, ok := literal(e)
		if !ok || e.Operator != filter.EQ || e.AttributePath.SubAttribute != nil {
			break
		}
		switch strings.ToLower(e.AttributePath.AttributeName) {
		case strings.ToLower(kind.nameAttribute()):
			return t.byName[strings.ToLower(wanted)]
		case "externalid":
			return t.byExternal[wanted]
		case "id":
			if r, ok := t.byID[wanted]; ok {
				return []*record{r}
			}
			return nil
		}
	}
	return t.inOrder
}

// plainFilter understands a filter that compares one of the attributes that every
// client looks for with a text without escapes, and nothing else. Nil is left to
// the library, as is whatever is wrong.
func plainFilter(filters []string) filter.Expression {
	if len(filters) != 1 {
		return nil
	}
	name, rest, _ := strings.Cut(filters[0], " eq \"")
	value, end, closed := strings.Cut(rest, "\"")
	if !closed || end != "" || strings.ContainsRune(value, '\\') {
		return nil
	}
	e := &filter.AttributeExpression{Operator: filter.EQ, CompareValue: value}
	switch name {
	case "userName", "externalId", "displayName", "id":
		e.AttributePath.AttributeName = name
	case "emails.value", "members.value":
		attribute, sub, _ := strings.Cut(name, ".")
		e.AttributePath.AttributeName, e.AttributePath.SubAttribute = attribute, &sub
	default:
		return nil
	}
	return e
}
