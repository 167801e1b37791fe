package scim

import (
	"testing"

	"github.com/rollcall-dev/rollcall/internal/directory"
)

func TestGroupKeysComeBack(t *testing.T) {
	for reason, k := range map[string]groupKey{
		"a unit":                {org: "team/clinic", unit: "north"},
		"a role":                {org: "team/clinic", role: "lead"},
		"a role within a unit":  {org: "team/clinic", role: "lead", unit: "north"},
		"slashes":               {org: "team/clinic", role: "a/units/b", unit: "%2F"},
		"names like the marks":  {org: "team/clinic", role: "units", unit: "roles"},
		"what is no ascii text": {org: "team/clinic", unit: "süd flügel"},
	} {
		if got, ok := parseGroupKey(k.String()); !ok || got != k {
			t.Errorf("%s: %q is read as %+v, %t", reason, k, got, ok)
		}
	}
}

func TestKeysThatAreNotOurs(t *testing.T) {
	for reason, text := range map[string]string{
		"nothing":              "",
		"a number":             "4711",
		"a guid":               "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
		"an address":           "ada@example.com",
		"one slash":            "team/ada@example.com",
		"another mark":         "team/clinic/wards/north",
		"two units":            "team/clinic/units/a/units/b",
		"units before roles":   "team/clinic/units/a/roles/b",
		"a mark without name":  "team/clinic/units",
		"a name that is empty": "team/clinic/units/",
		"an escape too many":   "team/clinic/units/%6eorth",
	} {
		if k, ok := parseGroupKey(text); ok {
			t.Errorf("%s: %q is read as the group %+v", reason, text, k)
		}
		if org, a, ok := parseUserKey(text); ok {
			t.Errorf("%s: %q is read as the user %q of %q", reason, text, a, org)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("team/clinic/roles/lead/units/north")
	f.Add("team/clinic/ada@example.com")
	f.Fuzz(func(t *testing.T, text string) {
		if k, ok := parseGroupKey(text); ok && k.String() != text {
			t.Errorf("%q is read as %q", text, k)
		}
		if org, a, ok := parseUserKey(text); ok && userKey(org, a) != text {
			t.Errorf("%q is read as %q of %q", text, a, org)
		}
	})
}

// Somebody who is active is in, whatever else is remembered; what is remembered
// says what somebody who is not active is.
func TestStates(t *testing.T) {
	invited := directory.Admission{State: directory.MemberInvited}
	accepted := directory.Admission{State: directory.MemberActive}
	in := directory.Admission{State: directory.MemberActive, Provisioned: true}
	disabled := directory.Admission{State: directory.MemberDisabled}
	for reason, test := range map[string]struct {
		admission directory.Admission
		exists    bool
		state     directory.MemberState
	}{
		"nobody":             {directory.Admission{}, false, directory.MemberDisabled},
		"invited":            {invited, true, directory.MemberInvited},
		"yet to be created":  {accepted, true, directory.MemberInvited},
		"removed by others":  {in, false, directory.MemberDisabled},
		"disabled, and gone": {disabled, true, directory.MemberDisabled},
	} {
		s := sight{admission: test.admission}
		if s.exists() != test.exists || s.exists() && s.state() != test.state {
			t.Errorf("%s: exists %t as %s, want %t as %s", reason, s.exists(), s.state(), test.exists, test.state)
		}
	}
}
