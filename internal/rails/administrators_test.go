package rails_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/rails"
)

func TestBY4_TheLastAdministratorStays(t *testing.T) {
	for name, test := range map[string]struct {
		reason string
		facts  rails.Administrators
		want   bool
	}{
		"the last":            {"nobody would be left", rails.Administrators{Minimum: 1, One: true}, true},
		"one of two":          {"one is left", rails.Administrators{Minimum: 1, One: true, Others: 1}, false},
		"one of two, of two":  {"two must be left", rails.Administrators{Minimum: 2, One: true, Others: 1}, true},
		"somebody else":       {"they administer nothing", rails.Administrators{Minimum: 1}, false},
		"turned off":          {"an organization may do without", rails.Administrators{One: true}, false},
		"fewer than there be": {"whoever is no administrator changes nothing about it", rails.Administrators{Minimum: 3, Others: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.facts.Blocked(); got != test.want {
				t.Errorf("%s: blocked %t, want %t", test.reason, got, test.want)
			}
		})
	}
}

func TestBY4_Administering(t *testing.T) {
	got := rails.Administering(
		map[string]bool{"owner": true, "clerk": false},
		map[string][]string{
			"deputy": {"clerk", "owner"}, "assistant": {"deputy"}, "clerk": {"reader"},
			"a": {"b"}, "b": {"a"}, "lost": {"nowhere"},
		})
	want := map[string]bool{"owner": true, "deputy": true, "assistant": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("which roles administer (-want +got):\n%s", diff)
	}
}
