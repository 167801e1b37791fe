package scim_test

import (
	"fmt"
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/testkit/scimserver"
)

// crowdedGroup is a world in which the group of a unit is larger than what is
// read at once, and that of another is not.
func crowdedGroup(t *testing.T, habit func(*scimserver.Quirks)) *world {
	t.Helper()
	w := newWorld(t, quirks(habit), func(s *settings) { s.client.MaxBody = 32 << 10 })
	for _, unit := range []string{"north", "south"} {
		must(t, w.ApplyUnit(t.Context(), directory.Unit{Organization: clinic, Name: unit, DisplayName: unit}))
	}
	north, _ := w.server.Group("north")
	for i := range 1000 {
		north.Members = append(north.Members, w.server.PutUser(scimserver.User{UserName: fmt.Sprintf("p%d@example.com", i), Active: true}))
	}
	w.server.PutGroup(north)
	return w
}

// Where users tell their groups, a group that is too large to be read hinders
// nobody from coming and going.
func TestBY11_AGroupThatIsTooLargeToRead(t *testing.T) {
	for reason, test := range map[string]struct {
		habit func(*scimserver.Quirks)
		first string
	}{
		"first in the large one": {byTheBook, "north"},
		"first in a small one":   {byTheBook, "south"},
		"listed without members": {func(q *scimserver.Quirks) { q.GroupsWithoutMembers = true }, "north"},
	} {
		w := crowdedGroup(t, test.habit)
		for _, address := range []string{ada, grace} {
			m := invited(address)
			m.State = directory.MemberActive
			w.apply(m)
		}
		units := []string{test.first}
		for range 3 {
			for _, address := range []string{ada, grace} {
				must(t, w.ApplyAccess(t.Context(), clinic, address, directory.Access{Units: units}))
				if got := w.member(address).Access.Units; fmt.Sprint(got) != fmt.Sprint(units) {
					t.Errorf("%s: %s has %v, want %v", reason, address, got, units)
				}
			}
			units = map[string][]string{"": {"south"}, "south": {"north", "south"}, "north south": {}}[join(units)]
			w.restart()
		}
		must(t, w.RemoveUnit(t.Context(), clinic, "north"))
	}
}

func join(names []string) string {
	text := fmt.Sprint(names)
	return text[1 : len(text)-1]
}

// Where only groups tell, what a large one does not show is said, and nobody is
// taken for a member of none; of the others all is known.
func TestBY11_AGroupThatIsTooLargeWhereOnlyGroupsTell(t *testing.T) {
	w := crowdedGroup(t, func(q *scimserver.Quirks) { q.UsersWithoutGroups = true })
	m := invited(ada)
	m.State = directory.MemberActive
	_, err := w.ApplyMember(t.Context(), m)
	must(t, err)
	_, err = w.Member(t.Context(), clinic, ada)
	wantKind(t, "a group that cannot be read", err, directory.KindUnavailable)
	must(t, w.RemoveUnit(t.Context(), clinic, "north"))
	must(t, w.ApplyAccess(t.Context(), clinic, ada, directory.Access{Units: []string{"south"}}))
	if got := w.member(ada).Access.Units; join(got) != "south" {
		t.Errorf("ada has %v", got)
	}
}
