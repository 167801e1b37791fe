package ability

import (
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

const (
	// maxNames, maxName, maxNotes and maxNote are the limits of the API.
	maxNames = 128
	maxName  = 128
	maxNotes = 16
	maxNote  = 256
)

// Summary is what an IdentityBackend's status says about a backend. Both lists
// are sorted; notes stay in their order. What is beyond the limits of the API is
// left out.
func Summary(can directory.Capabilities) *v1alpha1.BackendCapabilities {
	s := &v1alpha1.BackendCapabilities{Invitations: string(can.Invitations), SignIn: string(can.SignIn)}
	say := func(has bool, name string) {
		into := &s.Unsupported
		if has {
			into = &s.Supported
		}
		*into = append(*into, cut(name, maxName))
	}
	say(can.Units, "businessUnits")
	say(can.Units && can.NestedUnits, "businessUnits.parentRef")
	say(can.Roles, "roles")
	say(can.Roles && withinUnits(can), "roles.businessUnit")
	say(can.Roles && can.Permissions, "roles.permissions")
	for _, f := range directory.AllFields() {
		say(slices.Contains(can.Fields, f), "profile."+strings.TrimSuffix(string(f), "."))
	}
	for _, f := range can.Fields {
		if f != directory.FieldAttributes && strings.HasPrefix(string(f), string(directory.FieldAttributes)) {
			say(true, profileField(f))
		}
	}
	for _, p := range allPolicies() {
		how, removes := removalOf(p)
		say(!removes || slices.Contains(can.Removals, how), "removalPolicy."+string(p))
	}
	s.Supported, s.Unsupported = names(s.Supported), names(s.Unsupported)
	for _, note := range can.Notes[:min(len(can.Notes), maxNotes)] {
		s.Notes = append(s.Notes, cut(note, maxNote))
	}
	return s
}

// names is a sorted set, as long as the API takes.
func names(all []string) []string {
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), maxNames)]
}

// cut bounds a text by characters, as the API counts.
func cut(s string, limit int) string {
	runes := []rune(s)
	return string(runes[:min(len(runes), limit)])
}
