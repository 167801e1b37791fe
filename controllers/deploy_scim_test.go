package controllers_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/internal/testkit"
)

// The sample of a service provider is taken as it is, defaults included, and
// applying it again changes nothing.
func TestDeploy_TheSCIMSampleIsAppliedTwice(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(testkit.Repository(), "config", "samples", "scim")
	apply := func() { kubectl(t, "apply", "--server-side", "--warnings-as-errors", "-k", folder) }
	generations := func() []string {
		const path = `jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\n"}{end}`
		return strings.Fields(string(kubectl(t, "get", "--namespace", "example-clinic", "identitybackends,organizations", "-o", path)))
	}
	apply()
	defer kubectl(t, "delete", "--wait=false", "-k", folder)
	// It fails, and prints it, when there is a difference.
	kubectl(t, "diff", "--server-side", "-k", folder)
	apply()
	if diff := cmp.Diff([]string{"IdentityBackend/example", "1", "Organization/example-clinic", "1"}, generations()); diff != "" {
		t.Errorf("applying again edits something (-want +got):\n%s", diff)
	}
}
