package rails

// Administrators is what the rail of the last administrator looks at when
// somebody goes, or loses a role.
type Administrators struct {
	// Minimum is how many must be left; 0 turns the rail off.
	Minimum int
	// One is true when whoever goes is an administrator who is in.
	One bool
	// Others are the administrators who are in and stay, as far as is declared:
	// of two that go at once neither counts for the other.
	Others int
}

// Blocked reports whether too few would be left.
func (a Administrators) Blocked() bool {
	return a.One && a.Others < a.Minimum
}

// Administering returns the names of the roles that administer: by themselves,
// or because they include one that does, however deep. includes has the names
// of the roles that each includes; a cycle, and a name of nothing, do no harm.
func Administering(administers map[string]bool, includes map[string][]string) map[string]bool {
	found := map[string]bool{}
	for changed := true; changed; {
		changed = false
		for name := range includes {
			if !found[name] && reaches(name, administers, includes, found) {
				found[name], changed = true, true
			}
		}
		for name, is := range administers {
			if is && !found[name] {
				found[name], changed = true, true
			}
		}
	}
	return found
}

func reaches(name string, administers map[string]bool, includes map[string][]string, found map[string]bool) bool {
	for _, below := range includes[name] {
		if administers[below] || found[below] {
			return true
		}
	}
	return false
}
