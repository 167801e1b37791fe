package controllers_test

import (
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
)

// Deleting a User takes the person out, and a pending invitation back.
func TestStory_HE5_Remove(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	ada, grace := user("ada", "ada@example.com"), user("grace", "grace@example.com")
	w.create(ada, grace)
	somebody := w.person()
	somebody.accept(w.mailTo("ada@example.com").Link, "Ada Lovelace")
	sees(w, ada, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
	pending := w.mailTo("grace@example.com").Link

	must(t, suite.client.Delete(w.ctx, ada))
	must(t, suite.client.Delete(w.ctx, grace))
	w.gone(ada)
	w.gone(grace)
	w.staysOut("ada@example.com")
	if seen := w.home.stillIn(w, somebody, "ada@example.com"); contains(seen, "Ada Lovelace") {
		t.Errorf("somebody who was removed is still in:\n%s", seen)
	}
	if p := w.person().get(pending); p.status != http.StatusNotFound {
		t.Errorf("the link of a revoked invitation answers %d, want 404", p.status)
	}
}

// Disabled keeps the record and refuses sign-in; retained leaves the person in.
func TestStory_HE5_RemovalPolicies(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	for policy, want := range map[v1alpha1.RemovalPolicy]bool{
		v1alpha1.RemovalPolicyDisable: false, v1alpha1.RemovalPolicyRetain: true,
	} {
		email := "p" + string(policy[0]+'a'-'A') + "@example.com"
		u := user("person-"+string(policy[0]+'a'-'A'), email, func(s *v1alpha1.UserSpec) { s.RemovalPolicy = policy })
		w.create(u)
		w.person().accept(w.mailTo(email).Link, "Somebody Else")
		sees(w, u, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAcceptedByInvitee)
		must(t, suite.client.Delete(w.ctx, u))
		w.gone(u)
		in, seen := w.home.signIn(w, email)
		if in = in && contains(seen, "Somebody Else"); in != want {
			t.Errorf("%s: can sign in: %t, want %t\n%s", policy, in, want, seen)
		}
	}
	back := user("back", "pr@example.com")
	w.create(back)
	sees(w, back, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonAdoptedExistingMember)
	if distinct, _ := w.mailsTo("pr@example.com"); distinct != 1 {
		t.Errorf("%d mails, want one: somebody who is in is adopted, not invited", distinct)
	}
}

// A person first, then what they refer to: everything waits, says for whom, and
// comes together.
func TestStory_BY1_ApplyInReverseOrder(t *testing.T) {
	w := newWorld(t)
	w.start()
	ada := user("ada", "ada@example.com", func(s *v1alpha1.UserSpec) {
		s.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "ward"}}
		s.BusinessUnits = []string{"ward"}
	})
	ward := unit("ward", "Ward")
	ward.Spec.ParentRef = &v1alpha1.LocalReference{Name: "south"}
	lead := role("lead", "Team Lead", v1alpha1.RoleLevelBusinessUnit, "team.manage")
	lead.Spec.Includes = []string{"helper"}
	batch := &v1alpha1.InviteBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "first"},
		Spec:       v1alpha1.InviteBatchSpec{OrganizationRef: clinicRef, Emails: []string{"b@example.com"}},
	}
	w.create(batch, ada)
	sees(w, ada, v1alpha1.ConditionReferencesResolved, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound)
	w.create(lead, ward)
	sees(w, ward, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReferenceNotFound)
	w.create(role("helper", "Helper", v1alpha1.RoleLevelBusinessUnit, "team.read"), unit("south", "South"))
	w.create(sunrise())
	sees(w, ada, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	sees(w, batch, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	sees(w, ward, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	if ward.Status.Path != "south/ward" {
		t.Errorf("path %q, want south/ward", ward.Status.Path)
	}
	sees(w, lead, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	if got := lead.Status.EffectivePermissions; len(got) != 2 {
		t.Errorf("effective permissions %v, want the included one too", got)
	}
	w.mailTo("ada@example.com")
	w.mailTo("b@example.com")
}

// What one object shows to be wrong is refused at once, and what only the rules
// of domains show stalls the one User and nobody else.
func TestStory_HR2_ABadAddress(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.settled()
	for _, email := range []string{"ada", "a@b", "Ada <ada@example.com>", "a b@example.com", "a@[192.0.2.1]", ""} {
		u := user("bad", email)
		u.Namespace = w.namespace
		if err := suite.client.Create(w.ctx, u); err == nil || !contains(err.Error(), "email") {
			t.Errorf("%q: error %v, want one that names the field", email, err)
		}
	}
	bad, good := user("bad", "ada@-bad.com"), user("good", "ada@müller.example")
	w.create(bad, good)
	sees(w, bad, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonInvalidSpec)
	sees(w, good, v1alpha1.ConditionReady, metav1.ConditionTrue, "")
	w.mailTo("ada@xn--mller-kva.example")
	if len(w.sink.Messages()) != 1 {
		t.Errorf("%d mails, want one", len(w.sink.Messages()))
	}
}
