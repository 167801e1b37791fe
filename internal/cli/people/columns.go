package people

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/address"
)

// attributePrefix begins the header of a column that holds an attribute.
const attributePrefix = "attribute:"

// column writes the value of a cell, which is not empty, into a User.
type column func(u *v1alpha1.User, value string) error

// columns are the headers, in the order in which they are documented.
func columns() []struct {
	name string
	set  column
} {
	return []struct {
		name string
		set  column
	}{
		{"email", setEmail},
		{"name", func(u *v1alpha1.User, v string) error { u.Name = v; return nil }},
		{"displayName", func(u *v1alpha1.User, v string) error { u.Spec.Profile.DisplayName = v; return nil }},
		{"givenName", func(u *v1alpha1.User, v string) error { u.Spec.Profile.GivenName = v; return nil }},
		{"familyName", func(u *v1alpha1.User, v string) error { u.Spec.Profile.FamilyName = v; return nil }},
		{"title", func(u *v1alpha1.User, v string) error { u.Spec.Profile.Title = v; return nil }},
		{"phone", func(u *v1alpha1.User, v string) error { u.Spec.Profile.Phone = v; return nil }},
		{"locale", func(u *v1alpha1.User, v string) error { u.Spec.Profile.Locale = v; return nil }},
		{"roles", setRoles},
		{"businessUnits", func(u *v1alpha1.User, v string) error { u.Spec.BusinessUnits = list(v); return nil }},
		{"message", func(u *v1alpha1.User, v string) error { u.Spec.Invitation.Message = v; return nil }},
		{"accessUntil", setAccessUntil},
	}
}

// Headers are the names of the columns that are known.
func Headers() []string {
	var names []string
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return append(names, attributePrefix+"NAME")
}

// find returns the column of a header. Case, spaces, hyphens and underscores
// make no difference: Display name is displayName.
func find(header string) (column, error) {
	header = strings.TrimSpace(header)
	if len(header) > len(attributePrefix) && strings.EqualFold(header[:len(attributePrefix)], attributePrefix) {
		name := strings.TrimSpace(header[len(attributePrefix):])
		return func(u *v1alpha1.User, v string) error {
			if u.Spec.Profile.Attributes == nil {
				u.Spec.Profile.Attributes = map[string]v1alpha1.AttributeValue{}
			}
			u.Spec.Profile.Attributes[name] = v1alpha1.AttributeValue(v)
			return nil
		}, nil
	}
	for _, c := range columns() {
		if plain(c.name) == plain(header) {
			return c.set, nil
		}
	}
	return nil, fmt.Errorf("the column %q means nothing; the headers are %s", header, strings.Join(Headers(), ", "))
}

func plain(header string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(header))
}

func setEmail(u *v1alpha1.User, value string) error {
	e := address.ParseEntry(value)
	if e.Err != nil {
		return e.Err
	}
	u.Spec.Email = e.Address.String()
	if e.Name != "" && u.Spec.Profile.DisplayName == "" {
		u.Spec.Profile.DisplayName = e.Name
	}
	return nil
}

// setRoles reads names, each ROLE or ROLE@UNIT.
func setRoles(u *v1alpha1.User, value string) error {
	var grants []v1alpha1.RoleGrant
	for _, text := range list(value) {
		role, unit, _ := strings.Cut(text, "@")
		grant := v1alpha1.RoleGrant{Name: role, BusinessUnit: unit}
		if slices.Contains(grants, grant) {
			return fmt.Errorf("the role %q is given twice", text)
		}
		grants = append(grants, grant)
	}
	u.Spec.Roles = grants
	return nil
}

func setAccessUntil(u *v1alpha1.User, value string) error {
	t, err := Day(value)
	if err != nil {
		return err
	}
	u.Spec.AccessUntil = &t
	return nil
}

// Day reads a time, or a day, which ends when it is over in UTC.
func Day(text string) (metav1.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return metav1.NewTime(t.Add(24 * time.Hour)), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return metav1.Time{}, errors.New("write a day such as 2027-03-31 or a time such as 2027-03-31T17:00:00Z")
	}
	return metav1.NewTime(t.UTC()), nil
}

// list splits names at spaces, commas, semicolons and bars.
func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;|", r) })
}
