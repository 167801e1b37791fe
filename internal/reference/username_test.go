package reference_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/rollcall-dev/rollcall/internal/reference"
)

// The name is readable where the address is, and fits wherever a name must.
func TestUserName(t *testing.T) {
	for name, test := range map[string]struct{ address, begins string }{
		"plain":      {"ada@example.com", "ada-"},
		"with marks": {"ada.lovelace+team@example.com", "ada-lovelace-team-"},
		"of marks":   {"!#$%&@example.com", "user-"},
		"long":       {strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 40) + "-"},
		"edges":      {"-ada-@example.com", "ada-"},
	} {
		t.Run(name, func(t *testing.T) {
			got := reference.UserName("clinic", test.address)
			if !strings.HasPrefix(got, test.begins) || len(got) != len(test.begins)+10 {
				t.Errorf("%q, want %q and ten digits", got, test.begins)
			}
			if problems := validation.IsDNS1123Subdomain(got); len(problems) > 0 {
				t.Errorf("%q: %v", got, problems)
			}
			if again := reference.UserName("clinic", test.address); again != got {
				t.Errorf("%q, then %q", got, again)
			}
		})
	}
}

// Two addresses, and one address in two organizations, are two Users.
func TestUserName_TellsApart(t *testing.T) {
	seen := map[string]string{}
	for _, organization := range []string{"clinic", "practice"} {
		for _, address := range []string{"ada@example.com", "ada@example.org", "a.da@example.com", "a-da@example.com"} {
			name := reference.UserName(organization, address)
			if other, twice := seen[name]; twice {
				t.Errorf("%s %s has the name of %s", organization, address, other)
			}
			seen[name] = organization + " " + address
		}
	}
	// Users that are there keep their names.
	if got := reference.UserName("clinic", "ada@example.com"); got != "ada-9f06958ee6" {
		t.Errorf("ada is called %q now", got)
	}
}
