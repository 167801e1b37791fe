package adopt_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/cli/adopt"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/reference"
	"github.com/rollcall-dev/rollcall/internal/report"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

func member(name string, edits ...func(*report.Member)) report.Member {
	m := report.Member{ID: "m-" + name, Address: name + "@example.com", State: directory.MemberActive}
	for _, edit := range edits {
		edit(&m)
	}
	return m
}

func facts(members ...report.Member) adopt.Facts {
	return adopt.Facts{
		Namespace: testkit.Namespace, Organization: testkit.Clinic, Members: members,
		Roles: map[string]*v1alpha1.Role{"clinician": testkit.Role("clinician"), "lead": testkit.Role("lead")},
		Units: map[string]*v1alpha1.BusinessUnit{"north": testkit.BusinessUnit("north"), "south": testkit.BusinessUnit("south")},
	}
}

func name(who string) string { return reference.UserName(testkit.Clinic, who+"@example.com") }

func TestBY6_Users(t *testing.T) {
	clinicRef := v1alpha1.LocalReference{Name: testkit.Clinic}
	taken := testkit.User("x", func(u *v1alpha1.User) { u.Name = name("ada") })
	for title, test := range map[string]struct {
		reason string
		facts  adopt.Facts
		want   []v1alpha1.UserSpec
		notes  []string
	}{
		"plain": {"only what the backend has", facts(member("ada")), []v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "ada@example.com"}}, nil},
		"all of it": {"in a stable order", facts(member("ada", func(m *report.Member) {
			m.Profile = report.Profile{DisplayName: "Ada", Phone: "+1415", Attributes: map[string]string{"team": "red"}}
			m.ConfirmedName = "Ada L."
			m.Grants = []report.Grant{{Role: "lead", Unit: "south"}, {Role: "lead", Unit: "north"}, {Role: "clinician"}}
			m.Units = []string{"south", "north"}
		})), []v1alpha1.UserSpec{{
			OrganizationRef: clinicRef, Email: "ada@example.com",
			Profile:       v1alpha1.Profile{DisplayName: "Ada", Phone: "+1415", Attributes: map[string]v1alpha1.AttributeValue{"team": "red"}},
			Roles:         []v1alpha1.RoleGrant{{Name: "clinician"}, {Name: "lead", BusinessUnit: "north"}, {Name: "lead", BusinessUnit: "south"}},
			BusinessUnits: []string{"north", "south"},
		}}, nil},
		"disabled": {
			"applying it must not let anybody in", facts(member("ada", func(m *report.Member) { m.State = directory.MemberDisabled })),
			[]v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "ada@example.com", Access: v1alpha1.AccessDisabled}},
			nil,
		},
		"invited": {
			"applying it would mail", facts(member("ada", func(m *report.Member) { m.State = directory.MemberInvited })), nil,
			[]string{"1 of the members were invited and are not in; they are left out, because applying them would invite them again"},
		},
		"unknown role": {
			"a list without it would take it away", facts(member("ada", func(m *report.Member) {
				m.Grants = []report.Grant{{Role: "clinician"}, {Role: "root"}}
				m.Units = []string{"north"}
			})),
			[]v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "ada@example.com", BusinessUnits: []string{"north"}}},
			[]string{`User "` + name("ada") + `" leaves out all roles: the backend gives the role "root", which is not declared here as it is given`},
		},
		"unknown unit": {
			"the same", facts(member("ada", func(m *report.Member) { m.Units = []string{"north", "west"} })),
			[]v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "ada@example.com"}},
			[]string{`User "` + name("ada") + `" leaves out all units: the person is in the unit "west", which is not declared here`},
		},
		"declared": {"there is nothing to write", with(facts(member("ada"), member("bob")), func(f *adopt.Facts) {
			f.Declared = []v1alpha1.User{*testkit.User("a", func(u *v1alpha1.User) { u.Spec.Email = "ADA@example.com" })}
		}), []v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "bob@example.com"}}, nil},
		"all": {"as they are declared", with(facts(member("ada")), func(f *adopt.Facts) {
			f.Declared, f.All = []v1alpha1.User{*testkit.User("ada")}, true
		}), []v1alpha1.UserSpec{testkit.User("ada").Spec}, nil},
		"name taken": {
			"another person's manifest is not overwritten", with(facts(member("ada")), func(f *adopt.Facts) { f.Declared = []v1alpha1.User{*taken} }), nil,
			[]string{`User "` + name("ada") + `" exists with another address; rename it to have this member declared`},
		},
		"refused field": {"the API server would refuse all of it", with(facts(member("ada", func(m *report.Member) {
			m.Profile = report.Profile{Phone: "555", Title: "Dr", Attributes: map[string]string{"x": "y"}}
		})), func(f *adopt.Facts) {
			f.Refused = func(*v1alpha1.User) []string { return []string{"spec.profile.phone", "spec.profile.attributes[x]"} }
		}), []v1alpha1.UserSpec{{OrganizationRef: clinicRef, Email: "ada@example.com", Profile: v1alpha1.Profile{Title: "Dr"}}}, []string{
			`User "` + name("ada") + `" leaves out spec.profile.attributes[x]: what the backend has there no User can have`,
			`User "` + name("ada") + `" leaves out spec.profile.phone: what the backend has there no User can have`,
		}},
		"refused address": {"nobody can be declared by it", with(facts(member("ada")), func(f *adopt.Facts) {
			f.Refused = func(*v1alpha1.User) []string { return []string{"spec.email"} }
		}), nil, []string{`a member cannot be declared as User "` + name("ada") + `": the backend has a spec.email that no User can have`}},
	} {
		t.Run(title, func(t *testing.T) {
			got := adopt.Users(test.facts)
			var specs []v1alpha1.UserSpec
			for _, u := range got.Users {
				specs = append(specs, u.Spec)
			}
			if diff := cmp.Diff(test.want, specs); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
			if diff := cmp.Diff(test.notes, got.Notes); diff != "" {
				t.Errorf("%s: notes (-want +got):\n%s", test.reason, diff)
			}
			slices.Reverse(test.facts.Members)
			if diff := cmp.Diff(got, adopt.Users(test.facts)); diff != "" {
				t.Errorf("the order of members shows:\n%s", diff)
			}
		})
	}
}

func with(f adopt.Facts, edit func(*adopt.Facts)) adopt.Facts {
	edit(&f)
	return f
}
