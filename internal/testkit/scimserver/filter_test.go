package scimserver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	filter "github.com/scim2/filter-parser/v2"
)

func TestPlainFiltersAreThoseOfTheLibrary(t *testing.T) {
	for _, text := range []string{
		`userName eq "ada@example.com"`, `externalId eq "team/clinic/ada"`, `emails.value eq "a b"`, `id eq ""`, `displayName eq "Süd"`,
	} {
		want, err := filter.ParseFilter([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, plainFilter([]string{text})); diff != "" {
			t.Errorf("%s (-library +here):\n%s", text, diff)
		}
	}
}

func TestOtherFiltersAreLeftToTheLibrary(t *testing.T) {
	for _, text := range []string{
		"", "userName", `userName eq "a`, `userName eq "a" or id eq "b"`, `userName eq "a\"b"`, `userName sw "a"`, `title eq "a"`, "active eq true",
	} {
		if e := plainFilter([]string{text}); e != nil {
			t.Errorf("%q is read as %v", text, e)
		}
	}
}
