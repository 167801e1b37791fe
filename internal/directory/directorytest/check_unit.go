package directorytest

import "github.com/rollcall-dev/rollcall/internal/directory"

func unitChecks() []check {
	return []check{
		{
			name:  "change",
			rule:  "ApplyUnit creates the unit or brings it to what is given; repeating it writes nothing.",
			needs: needsUnits,
			run:   checkUnitChanged,
		},
		{
			name:  "missing parent",
			rule:  "ApplyUnit is KindNotFound, and creates nothing, while the parent does not exist.",
			needs: needsNestedUnits,
			run:   checkUnitParent,
		},
		{
			name:  "remove",
			rule:  "RemoveUnit removes every membership and grant in the unit, for good; repeating it succeeds.",
			needs: needsUnits,
			run:   checkUnitRemoved,
		},
		{
			name:  "remove parent",
			rule:  "Units below a removed one stay and lose their parent.",
			needs: needsNestedUnits,
			run:   checkUnitParentRemoved,
		},
		{
			name:  "not nested",
			rule:  "Where no unit is below another, that is KindUnsupported, and changes nothing.",
			needs: every(needsUnits, not(needsNestedUnits)),
			run:   checkUnitsNotNested,
		},
	}
}

func checkUnitChanged(s *scene) {
	s.organization()
	north, ward := aUnit(s.org, "north", ""), aUnit(s.org, "ward", "")
	for _, u := range []directory.Unit{north, ward} {
		s.change("create", s.can.NestedUnits, func() error { return s.f.Backend.ApplyUnit(s.ctx, u) })
		s.quietly("repeat", func() error { return s.f.Backend.ApplyUnit(s.ctx, u) })
	}
	s.apply(s.member(ada))
	s.access(ada, directory.Access{Units: []string{"ward"}})
	before := s.observe(ada)
	renamed, moved := ward, ward
	renamed.DisplayName = "Ward Nine"
	changes := []directory.Unit{renamed, ward}
	if moved.Parent = "north"; s.can.NestedUnits {
		changes = []directory.Unit{renamed, moved, ward}
	}
	for _, u := range changes {
		s.change("change", s.can.NestedUnits, func() error { return s.f.Backend.ApplyUnit(s.ctx, u) })
		s.quietly("repeat a change", func() error { return s.f.Backend.ApplyUnit(s.ctx, u) })
	}
	same(s, "a member of a changed unit", s.observe(ada), before)
}

func checkUnitParent(s *scene) {
	s.organization()
	ward := aUnit(s.org, "ward", "north")
	if s.err != nil {
		return
	}
	s.refused("create below a missing parent", directory.KindNotFound, s.f.Backend.ApplyUnit(s.ctx, ward))
	s.apply(s.member(ada))
	if s.err != nil {
		return
	}
	s.refused("join a unit that was not created", directory.KindNotFound,
		s.f.Backend.ApplyAccess(s.ctx, s.org, ada, directory.Access{Units: []string{"ward"}}))
	s.unit("north", "")
	s.loudly("create below the parent that came", func() error { return s.f.Backend.ApplyUnit(s.ctx, ward) })
	lost := ward
	lost.Parent, lost.DisplayName = "nowhere", "Elsewhere"
	if s.err != nil {
		return
	}
	s.refused("move below a missing parent", directory.KindNotFound, s.f.Backend.ApplyUnit(s.ctx, lost))
	s.quietly("apply the unit as it was before the refused move", func() error { return s.f.Backend.ApplyUnit(s.ctx, ward) })
}

func checkUnitRemoved(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, s.wide())
	if s.err != nil {
		return
	}
	s.done("remove", s.f.Backend.RemoveUnit(s.ctx, s.org, "south"))
	s.quietly("repeat", func() error { return s.f.Backend.RemoveUnit(s.ctx, s.org, "south") })
	left := s.holdable(directory.Access{
		Grants: []directory.Grant{{Role: "clinician"}, {Role: "lead", Unit: "ward"}},
		Units:  []string{"ward"},
	})
	same(s, "access after one of its units is removed", s.observe(ada).Access, left)
	s.unit("south", "")
	same(s, "access after the unit is created again", s.observe(ada).Access, left)
}

func checkUnitParentRemoved(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	s.access(ada, directory.Access{Units: []string{"ward"}})
	if s.err != nil {
		return
	}
	s.done("remove the parent", s.f.Backend.RemoveUnit(s.ctx, s.org, "north"))
	same(s, "units of a member of a unit below a removed one", s.observe(ada).Access.Units, []string{"ward"})
	s.quietly("apply the unit without a parent", func() error {
		return s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, "ward", ""))
	})
	if s.err != nil {
		return
	}
	s.refused("apply the unit below a removed parent", directory.KindNotFound,
		s.f.Backend.ApplyUnit(s.ctx, aUnit(s.org, "ward", "north")))
}

func checkUnitsNotNested(s *scene) {
	s.furnish()
	s.apply(s.member(ada))
	if s.err != nil {
		return
	}
	for _, name := range []string{"ward", "east"} {
		s.quietly("refuse a unit below another", func() error {
			u := aUnit(s.org, name, "north")
			s.refused("put a unit below another", directory.KindUnsupported, s.f.Backend.ApplyUnit(s.ctx, u))
			return nil
		})
	}
	s.access(ada, directory.Access{Units: []string{"ward"}})
	if s.err == nil && !s.can.UncheckedUnits {
		s.refused("join a unit that was refused", directory.KindNotFound,
			s.f.Backend.ApplyAccess(s.ctx, s.org, ada, directory.Access{Units: []string{"east"}}))
	}
}
