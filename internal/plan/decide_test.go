package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/declared"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/plan"
)

// ada is a person with everything managed, and asShe is the member that fits.
func ada() (declared.Person, directory.ObservedMember) {
	p := declared.Person{
		User: "ada", Address: "ada@example.com", State: directory.MemberInvited,
		Profile: directory.Profile{
			DisplayName: "Ada", GivenName: "Ada", FamilyName: "L", Title: "C", Phone: "+441", Locale: "en", Attributes: map[string]string{"desk": "7"},
		},
		Access: declared.Access{Grants: []directory.Grant{{Role: "a"}, {Role: "b", Unit: "north"}}, Units: []string{"north", "south"}},
	}
	return p, directory.ObservedMember{
		Member: directory.Member{Address: p.Address, Profile: p.Profile, State: directory.MemberActive}, ConfirmedName: "Countess",
		Access: directory.Access{Grants: []directory.Grant{{Role: "b", Unit: "north"}, {Role: "a"}, {Role: "a"}}, Units: []string{"south", "north"}},
	}
}

// Every managed part is compared; what is not managed never differs.
func TestBY7_Differences(t *testing.T) {
	type change = func(*declared.Person, *directory.ObservedMember)
	for reason, test := range map[string]struct {
		change change
		want   []plan.Aspect
	}{
		"as declared, in another order": {func(*declared.Person, *directory.ObservedMember) {}, nil},
		"not in yet":                    {func(_ *declared.Person, m *directory.ObservedMember) { m.State = directory.MemberInvited }, nil},
		"disabled by somebody":          {func(_ *declared.Person, m *directory.ObservedMember) { m.State = directory.MemberDisabled }, []plan.Aspect{plan.AspectState}},
		"to be disabled":                {func(p *declared.Person, _ *directory.ObservedMember) { p.State = directory.MemberDisabled }, []plan.Aspect{plan.AspectState}},
		"disabled, as declared": {func(p *declared.Person, m *directory.ObservedMember) {
			p.State, m.State = directory.MemberDisabled, directory.MemberDisabled
		}, nil},
		"display name": {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.DisplayName = "x" }, []plan.Aspect{plan.AspectProfile}},
		"given name":   {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.GivenName = "x" }, []plan.Aspect{plan.AspectProfile}},
		"family name":  {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.FamilyName = "x" }, []plan.Aspect{plan.AspectProfile}},
		"title":        {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.Title = "" }, []plan.Aspect{plan.AspectProfile}},
		"phone":        {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.Phone = "x" }, []plan.Aspect{plan.AspectProfile}},
		"locale":       {func(_ *declared.Person, m *directory.ObservedMember) { m.Profile.Locale = "x" }, []plan.Aspect{plan.AspectProfile}},
		"an attribute": {func(_ *declared.Person, m *directory.ObservedMember) {
			m.Profile.Attributes = map[string]string{"desk": "8"}
		}, []plan.Aspect{plan.AspectProfile}},
		"attributes unmanaged": {func(p *declared.Person, m *directory.ObservedMember) {
			p.Profile.Attributes, m.Profile.Attributes = nil, map[string]string{"desk": "8"}
		}, nil},
		"profile unmanaged": {func(p *declared.Person, m *directory.ObservedMember) {
			p.Profile, m.Profile.Title = directory.Profile{}, "x"
		}, nil},
		"a role more": {func(_ *declared.Person, m *directory.ObservedMember) {
			m.Access.Grants = append(m.Access.Grants, directory.Grant{Role: "c"})
		}, []plan.Aspect{plan.AspectRoles}},
		"a role moved":    {func(_ *declared.Person, m *directory.ObservedMember) { m.Access.Grants[0].Unit = "south" }, []plan.Aspect{plan.AspectRoles}},
		"roles unmanaged": {func(p *declared.Person, m *directory.ObservedMember) { p.Access.Grants, m.Access.Grants = nil, nil }, nil},
		"a unit less":     {func(_ *declared.Person, m *directory.ObservedMember) { m.Access.Units = m.Access.Units[:1] }, []plan.Aspect{plan.AspectUnits}},
		"units unmanaged": {func(p *declared.Person, m *directory.ObservedMember) { p.Access.Units, m.Access.Units = nil, nil }, nil},
		"none wanted, some there": {func(p *declared.Person, _ *directory.ObservedMember) {
			p.Access = declared.Access{Grants: []directory.Grant{}, Units: []string{}}
		}, []plan.Aspect{plan.AspectRoles, plan.AspectUnits}},
		"another address": {func(_ *declared.Person, m *directory.ObservedMember) { m.Address = "a@b.example" }, nil},
	} {
		p, m := ada()
		test.change(&p, &m)
		if diff := cmp.Diff(test.want, plan.Differences(p, &m)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
	p, _ := ada()
	if diff := cmp.Diff([]plan.Aspect{plan.AspectMember}, plan.Differences(p, nil)); diff != "" {
		t.Errorf("nobody there (-want +got):\n%s", diff)
	}
}

// Drift is left alone under Report, and only drift: what was edited, and what
// was never applied, is applied under both policies.
func TestBY7_Decide(t *testing.T) {
	p, same := ada()
	_, other := ada()
	other.Profile.Title = "Empress"
	now, before := p.Fingerprint(), "0123456789abcdef0123456789abcdef"
	for reason, test := range map[string]struct {
		observed *directory.ObservedMember
		applied  string
		policy   v1alpha1.DriftPolicy
		want     plan.Act
	}{
		"as declared":                         {&same, now, v1alpha1.DriftCorrect, plan.ActNothing},
		"as declared, under Report":           {&same, now, v1alpha1.DriftReport, plan.ActNothing},
		"as declared, and applied never":      {&same, "", v1alpha1.DriftReport, plan.ActNothing},
		"somebody changed it":                 {&other, now, v1alpha1.DriftCorrect, plan.ActApply},
		"somebody changed it, under Report":   {&other, now, v1alpha1.DriftReport, plan.ActLeave},
		"the User was edited":                 {&other, before, v1alpha1.DriftCorrect, plan.ActApply},
		"the User was edited, under Report":   {&other, before, v1alpha1.DriftReport, plan.ActApply},
		"applied never, under Report":         {&other, "", v1alpha1.DriftReport, plan.ActApply},
		"not there":                           {nil, "", v1alpha1.DriftReport, plan.ActApply},
		"removed by somebody":                 {nil, now, v1alpha1.DriftCorrect, plan.ActApply},
		"removed by somebody, under Report":   {nil, now, v1alpha1.DriftReport, plan.ActLeave},
		"a policy from before there were any": {&other, now, "", plan.ActApply},
	} {
		if got := plan.Decide(p, test.observed, test.applied, test.policy); got.Act != test.want {
			t.Errorf("%s: %s, want %s", reason, got.Act, test.want)
		}
	}
}
