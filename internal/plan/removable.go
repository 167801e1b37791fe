package plan

import (
	"slices"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
)

// Kept counts undeclared members who are not to be removed.
type Kept struct {
	// Strangers were never created or adopted here, where others bring people in
	// too; see [Facts.Shared].
	Strangers int
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
	ours := c.ours()
	var removable []directory.ObservedMember
	var kept Kept
	for i := range c.Undeclared {
		m := &c.Undeclared[i]
		administers := c.administers(m)
		switch {
		case c.facts.Shared && !ours[m.Address]:
			kept.Strangers++
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

// ours are the addresses of those who were created or adopted here: somebody
// holds them, or they have an admission still.
func (c Comparison) ours() map[string]bool {
	ours := make(map[string]bool, len(c.facts.Holdings)+len(c.facts.Admitted))
	for i := range c.facts.Holdings {
		ours[c.facts.Holdings[i].Address] = true
	}
	for _, address := range c.facts.Admitted {
		ours[address] = true
	}
	return ours
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
