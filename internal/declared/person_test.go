package declared_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func user(name string, edits ...func(*v1alpha1.User)) *v1alpha1.User {
	u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.UserSpec{Email: name + "@example.com"}}
	for _, edit := range edits {
		edit(u)
	}
	return u
}

func of(t *testing.T, u *v1alpha1.User) declared.Person {
	t.Helper()
	p, err := declared.Of(u, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Everything that a User says is said in the domain's words, addresses and sets
// in one form.
func TestBY1_WhatAUserDeclares(t *testing.T) {
	got := of(t, user("ada", func(u *v1alpha1.User) {
		u.Spec.Email = " Ada@MÜLLER.example "
		u.Spec.Profile = v1alpha1.Profile{
			DisplayName: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Title: "Countess", Phone: "+441234567", Locale: "en-GB",
			Attributes: map[string]v1alpha1.AttributeValue{"desk": "7"},
		}
		u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "lead", BusinessUnit: "south"}, {Name: "lead", BusinessUnit: "north"}, {Name: "clinician"}, {Name: "clinician"}}
		u.Spec.BusinessUnits = []string{"south", "north"}
	}))
	want := declared.Person{
		User: "ada", Address: "ada@xn--mller-kva.example", State: directory.MemberInvited,
		Profile: directory.Profile{
			DisplayName: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Title: "Countess", Phone: "+441234567", Locale: "en-GB",
			Attributes: map[string]string{"desk": "7"},
		},
		Access: declared.Access{
			Grants: []directory.Grant{{Role: "clinician"}, {Role: "lead", Unit: "north"}, {Role: "lead", Unit: "south"}},
			Units:  []string{"north", "south"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("declared (-want +got):\n%s", diff)
	}
	member := directory.Member{Organization: "team/clinic", Address: want.Address, Profile: want.Profile, State: want.State}
	if diff := cmp.Diff(member, got.Member("team/clinic")); diff != "" {
		t.Errorf("member (-want +got):\n%s", diff)
	}
}

// An address that is none is told, with the field that holds it.
func TestHR2_NoAddress(t *testing.T) {
	_, err := declared.Of(user("ada", func(u *v1alpha1.User) { u.Spec.Email = "nobody" }), now)
	if err == nil || !strings.HasPrefix(err.Error(), "spec.email is wrong: ") {
		t.Errorf("error %v", err)
	}
}

func TestBY10_TheStateThatIsWanted(t *testing.T) {
	until := func(at time.Time) func(*v1alpha1.User) {
		return func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: at} }
	}
	for reason, test := range map[string]struct {
		edit func(*v1alpha1.User)
		want directory.MemberState
	}{
		"nothing is said":        {func(*v1alpha1.User) {}, directory.MemberInvited},
		"enabled":                {func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessEnabled }, directory.MemberInvited},
		"disabled":               {func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }, directory.MemberDisabled},
		"access ends later":      {until(now.Add(time.Second)), directory.MemberInvited},
		"access ends now":        {until(now), directory.MemberDisabled},
		"access has ended":       {until(now.Add(-time.Hour)), directory.MemberDisabled},
		"disabled, ends later":   {func(u *v1alpha1.User) { until(now.Add(1))(u); u.Spec.Access = v1alpha1.AccessDisabled }, directory.MemberDisabled},
		"enabled, and has ended": {func(u *v1alpha1.User) { until(now)(u); u.Spec.Access = v1alpha1.AccessEnabled }, directory.MemberDisabled},
	} {
		if got := of(t, user("ada", test.edit)).State; got != test.want {
			t.Errorf("%s: %s, want %s", reason, got, test.want)
		}
	}
}

// What is omitted stays as it is; an empty list takes everything away; the two
// lists are apart.
func TestHR5b_OmittedIsNotManaged(t *testing.T) {
	has := directory.Access{
		Grants: []directory.Grant{{Role: "lead", Unit: "north"}, {Role: "clinician"}, {Role: "clinician"}}, Units: []string{"south", "north"},
	}
	grants := []directory.Grant{{Role: "clinician"}, {Role: "lead", Unit: "north"}}
	for reason, test := range map[string]struct {
		edit func(*v1alpha1.UserSpec)
		want directory.Access
	}{
		"both omitted": {func(*v1alpha1.UserSpec) {}, directory.Access{Grants: grants, Units: []string{"north", "south"}}},
		"no roles":     {func(s *v1alpha1.UserSpec) { s.Roles = []v1alpha1.RoleGrant{} }, directory.Access{Grants: []directory.Grant{}, Units: []string{"north", "south"}}},
		"no units":     {func(s *v1alpha1.UserSpec) { s.BusinessUnits = []string{} }, directory.Access{Grants: grants, Units: []string{}}},
		"other roles":  {func(s *v1alpha1.UserSpec) { s.Roles = []v1alpha1.RoleGrant{{Name: "b"}, {Name: "a"}} }, directory.Access{Grants: []directory.Grant{{Role: "a"}, {Role: "b"}}, Units: []string{"north", "south"}}},
		"other units":  {func(s *v1alpha1.UserSpec) { s.BusinessUnits = []string{"west"} }, directory.Access{Grants: grants, Units: []string{"west"}}},
	} {
		u := user("ada", func(u *v1alpha1.User) { test.edit(&u.Spec) })
		got := of(t, u).Access.Over(has)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
		if !declared.SameAccess(got, test.want) || declared.SameAccess(got, directory.Access{Units: []string{"nowhere"}}) {
			t.Errorf("%s: SameAccess is wrong", reason)
		}
	}
	if has.Units[0] != "south" || has.Grants[0].Role != "lead" {
		t.Error("what was observed was sorted in place")
	}
}

// A profile keeps "not managed" and "none" apart.
func TestBY1_Attributes(t *testing.T) {
	if got := declared.ProfileOf(v1alpha1.Profile{}).Attributes; got != nil {
		t.Errorf("omitted attributes are %v, want nil", got)
	}
	if got := declared.ProfileOf(v1alpha1.Profile{Attributes: map[string]v1alpha1.AttributeValue{}}).Attributes; got == nil || len(got) > 0 {
		t.Errorf("no attributes are %v, want an empty map", got)
	}
}

// A fingerprint is the same for the same declaration, and another for every
// difference that a backend would see; only that.
func TestBY7_Fingerprint(t *testing.T) {
	full := func(u *v1alpha1.User) {
		u.Spec.Profile = v1alpha1.Profile{DisplayName: "Ada", Attributes: map[string]v1alpha1.AttributeValue{"a": "1", "b": "2"}}
		u.Spec.Roles = []v1alpha1.RoleGrant{{Name: "a"}, {Name: "b", BusinessUnit: "north"}}
		u.Spec.BusinessUnits = []string{"north", "south"}
	}
	base := of(t, user("ada", full)).Fingerprint()
	if len(base) != 32 {
		t.Errorf("%q has %d characters, want 32", base, len(base))
	}
	for reason, test := range map[string]struct {
		edit func(*v1alpha1.User)
		same bool
	}{
		"nothing":             {func(*v1alpha1.User) {}, true},
		"another order":       {func(u *v1alpha1.User) { u.Spec.BusinessUnits = []string{"south", "north"} }, true},
		"another name":        {func(u *v1alpha1.User) { u.Name = "countess" }, true},
		"another address":     {func(u *v1alpha1.User) { u.Spec.Email = "a@b.example" }, true},
		"what is not applied": {func(u *v1alpha1.User) { u.Spec.Suspend = true; u.Spec.Invitation.Revision = 7 }, true},
		"a profile field":     {func(u *v1alpha1.User) { u.Spec.Profile.Title = "Countess" }, false},
		"an attribute":        {func(u *v1alpha1.User) { u.Spec.Profile.Attributes["a"] = "2" }, false},
		"attributes omitted":  {func(u *v1alpha1.User) { u.Spec.Profile.Attributes = nil }, false},
		"roles omitted":       {func(u *v1alpha1.User) { u.Spec.Roles = nil }, false},
		"no roles":            {func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{} }, false},
		"a role elsewhere":    {func(u *v1alpha1.User) { u.Spec.Roles[1].BusinessUnit = "south" }, false},
		"a unit less":         {func(u *v1alpha1.User) { u.Spec.BusinessUnits = u.Spec.BusinessUnits[:1] }, false},
		"kept out":            {func(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }, false},
		"words moved over":    {func(u *v1alpha1.User) { u.Spec.Profile.DisplayName, u.Spec.Profile.Title = "", "Ada" }, false},
	} {
		if got := of(t, user("ada", full, test.edit)).Fingerprint(); (got == base) != test.same {
			t.Errorf("%s: the same fingerprint: %t, want %t", reason, got == base, test.same)
		}
	}
	omitted, none := of(t, user("a")), of(t, user("a", func(u *v1alpha1.User) { u.Spec.Roles = []v1alpha1.RoleGrant{} }))
	if omitted.Fingerprint() == none.Fingerprint() {
		t.Error("omitted and none have one fingerprint")
	}
}

// Fingerprints are stored: one that changes applies everybody again.
func TestBY7_FingerprintsAreStable(t *testing.T) {
	if got, want := of(t, user("ada")).Fingerprint(), "f6b38e706ffffe9c4967331948959116"; got != want {
		t.Errorf("fingerprint %q, want %q", got, want)
	}
}
