package plan

import (
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
)

// Kept counts undeclared members who are not to be removed.
type Kept struct {
	// Protected have one of safety.protectedEmails.
	Protected int
	// Administrators are those without whom fewer than
	// safety.minAdministrators would be left.
	Administrators int
}

// Removable returns the undeclared members who may be asked to go, by address,
// and counts the others. Of administrators who are undeclared the last by
// address stay. How many may go at a time is the rails' matter.
func (c Comparison) Removable() ([]directory.ObservedMember, Kept) {
	safety := &c.facts.Spec.Safety
	left, least := c.administrators(), census.MinAdministrators(safety)
	var removable []directory.ObservedMember
	var kept Kept
	for i := range c.Undeclared {
		m := &c.Undeclared[i]
		administers := c.administers(m)
		switch {
		case census.Protected(safety, m.Address):
			kept.Protected++
		case administers && left <= least:
			kept.Administrators++
		default:
			removable = append(removable, *m)
			if administers {
				left--
			}
		}
	}
	return removable, kept
}

// administrators counts the members who are in and administer.
func (c Comparison) administrators() int {
	n := 0
	for i := range c.facts.Members {
		if c.administers(&c.facts.Members[i]) {
			n++
		}
	}
	return n
}

func (c Comparison) administers(m *directory.ObservedMember) bool {
	return m.State == directory.MemberActive && slices.ContainsFunc(m.Access.Grants, func(g directory.Grant) bool {
		return c.facts.Administering[g.Role]
	})
}
