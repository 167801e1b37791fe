package controllers_test

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/testkit/casdoor"
)

// userNames are all that the service provider shows.
func (p provider) userNames(w *world) []string {
	w.Helper()
	var names []string
	for _, u := range listed[scimUser](w, p, "/Users?count=100") {
		names = append(names, u.UserName)
	}
	slices.Sort(names)
	return names
}

// A service provider without groups, which ignores filters and lists strangers:
// what it cannot hold is told before anything is done, one person comes and goes,
// and whoever was there before is there afterwards.
func TestStory_BY11_CasdoorHasNoGroups(t *testing.T) {
	server := casdoor.Start(t)
	w := newWorld(t)
	there := provider{url: server.URL(), token: server.Token(), mapping: v1alpha1.SCIMMapping{
		Attributes: []v1alpha1.SCIMAttribute{{
			Field: "attributes.organization", Attribute: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization",
		}},
	}}
	w.home = there
	before := there.userNames(w)
	if len(before) == 0 {
		t.Fatal("nobody is there who could be lost")
	}
	w.start()
	org, north, clinician := sunrise(), unit("north", "North Practice"), role("clinician", "Clinician", v1alpha1.RoleLevelOrganization, "notes.write")
	org.Spec.Membership.Undeclared = v1alpha1.UndeclaredReport
	w.create(org, north, clinician)
	sees(w, org, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	sees(w, north, v1alpha1.ConditionProvisioned, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
	sees(w, clinician, v1alpha1.ConditionProvisioned, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)

	of := func(s *v1alpha1.UserSpec) {
		s.Profile.Attributes = map[string]v1alpha1.AttributeValue{"organization": v1alpha1.AttributeValue(casdoor.Organization)}
	}
	grace := user("grace", "grace@example.com", of, func(s *v1alpha1.UserSpec) {
		s.BusinessUnits, s.Roles = []string{"north"}, []v1alpha1.RoleGrant{{Name: "clinician"}}
	})
	ada := user("ada", "ada@example.com", of)
	w.create(grace, ada)
	sees(w, grace, v1alpha1.ConditionReferencesResolved, metav1.ConditionFalse, v1alpha1.ReasonUnsupported)
	sees(w, grace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonUnsupported)
	w.person().accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	w.getsIn("ada@example.com", "Ada Lovelace", w.home.place())
	w.resync()
	want := append(slices.Clone(before), "ada@example.com")
	slices.Sort(want)
	if got := there.userNames(w); !slices.Equal(got, want) {
		t.Errorf("after one came there are %q, want those of before and her: %q", got, want)
	}

	must(t, suite.client.Delete(w.ctx, ada))
	w.gone(ada)
	w.staysOut("ada@example.com")
	must(t, suite.client.Delete(w.ctx, grace))
	w.gone(grace)
	if got := there.userNames(w); !slices.Equal(got, before) {
		t.Errorf("there are %q, want everybody of before and nobody else: %q", got, before)
	}
	if distinct, _ := w.mailsTo("grace@example.com"); distinct != 0 {
		t.Errorf("%d mails to somebody whose roles cannot be held, want none", distinct)
	}
}
