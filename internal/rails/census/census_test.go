package census_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/internal/directory"
	"github.com/rollcall-dev/rollcall/internal/rails"
	"github.com/rollcall-dev/rollcall/internal/rails/census"
	"github.com/rollcall-dev/rollcall/internal/testkit"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// person is a User that was looked at, and is in.
func person(name string, edits ...func(*v1alpha1.User)) v1alpha1.User {
	u := testkit.User(name, func(u *v1alpha1.User) {
		u.UID, u.Generation, u.Finalizers = types.UID("uid-"+name), 3, []string{v1alpha1.Finalizer}
		u.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionAccepted, Status: metav1.ConditionTrue}}
	})
	for _, edit := range edits {
		edit(u)
	}
	return *u
}

func deleted(u *v1alpha1.User)  { u.DeletionTimestamp = &metav1.Time{Time: now} }
func disabled(u *v1alpha1.User) { u.Spec.Access = v1alpha1.AccessDisabled }
func outside(u *v1alpha1.User)  { u.Status.Conditions = nil }

func blocked(reason string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) {
		u.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRemovalBlocked, Status: metav1.ConditionTrue, Reason: reason}}
	}
}

func named(name string) func(*v1alpha1.User) {
	return func(u *v1alpha1.User) { u.Name, u.UID = name, types.UID("uid-"+name) }
}

func TestBY4_Take(t *testing.T) {
	const team = directory.OrganizationID("team/clinic")
	ada := directory.Departure{Organization: team, Address: "ada@example.com", Subject: "uid-ada"}
	off := directory.Departure{Organization: team, Address: "ada@example.com", Subject: "uid-ada/3"}
	for name, test := range map[string]struct {
		reason  string
		users   []v1alpha1.User
		living  int
		leaving []directory.Departure
	}{
		"living":              {"nobody goes", []v1alpha1.User{person("ada"), person("grace")}, 2, nil},
		"two of one address":  {"are one person", []v1alpha1.User{person("ada"), person("ada", named("b"))}, 1, nil},
		"no address":          {"nobody was given to a backend", []v1alpha1.User{person("ada", func(u *v1alpha1.User) { u.Spec.Email = "x" })}, 0, nil},
		"deleted":             {"one goes", []v1alpha1.User{person("ada", deleted), person("grace")}, 1, []directory.Departure{ada}},
		"deleted, never in":   {"an invitation counts too", []v1alpha1.User{person("ada", deleted, outside)}, 0, []directory.Departure{ada}},
		"deleted, unknown":    {"the backend never heard of them", []v1alpha1.User{person("ada", deleted, func(u *v1alpha1.User) { u.Finalizers = nil })}, 0, nil},
		"deleted, suspended":  {"waits for another reason", []v1alpha1.User{person("ada", deleted, func(u *v1alpha1.User) { u.Spec.Suspend = true })}, 0, nil},
		"deleted, retained":   {"the person stays", []v1alpha1.User{person("ada", deleted, func(u *v1alpha1.User) { u.Spec.RemovalPolicy = v1alpha1.RemovalPolicyRetain })}, 0, nil},
		"deleted, protected":  {"another rail keeps them", []v1alpha1.User{person("ada", deleted, blocked(v1alpha1.ReasonProtectedMember))}, 0, nil},
		"deleted, stopped":    {"this rail keeps them", []v1alpha1.User{person("ada", deleted, blocked(v1alpha1.ReasonTooManyRemovals))}, 0, []directory.Departure{ada}},
		"renamed":             {"the other one has them", []v1alpha1.User{person("ada", deleted), person("ada", named("b"))}, 1, nil},
		"renamed, disabled":   {"the other one has them, and disables them", []v1alpha1.User{person("ada", deleted), person("ada", named("ada"), disabled)}, 0, []directory.Departure{off}},
		"disabled":            {"one is shut out", []v1alpha1.User{person("ada", disabled), person("grace")}, 1, []directory.Departure{off}},
		"disabled, done":      {"nothing is left to do", []v1alpha1.User{person("ada", disabled, outside)}, 0, nil},
		"disabled, stopped":   {"also without the rest of the status", []v1alpha1.User{person("ada", disabled, blocked(v1alpha1.ReasonTooManyRemovals))}, 0, []directory.Departure{off}},
		"disabled, duplicate": {"whoever has no say shuts nobody out", []v1alpha1.User{person("ada"), person("ada", named("b"), disabled)}, 1, nil},
		"ended": {
			"access until now",
			[]v1alpha1.User{person("ada", func(u *v1alpha1.User) { u.Spec.AccessUntil = &metav1.Time{Time: now} })},
			0,
			[]directory.Departure{off},
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := census.Census{Living: test.living, Leaving: test.leaving}
			if diff := cmp.Diff(want, census.Take(test.users, now)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.reason, diff)
			}
		})
	}
}

func TestBY4_AWaveIsNamedByWhoIsInIt(t *testing.T) {
	a, b := directory.Departure{Address: "a@example.com", Subject: "1"}, directory.Departure{Address: "b@example.com", Subject: "2"}
	again := b
	again.Subject = "3"
	name := census.Wave([]directory.Departure{a, b})
	if other := census.Wave([]directory.Departure{b, a}); other != name {
		t.Errorf("%q and %q in another order", name, other)
	}
	for reason, wave := range map[string][]directory.Departure{"one less": {a}, "somebody recreated": {a, again}} {
		if census.Wave(wave) == name {
			t.Errorf("%s has the same name", reason)
		}
	}
}

func TestBY4_PolicyDefaults(t *testing.T) {
	none, all := &v1alpha1.OrganizationSafety{}, testkit.Organization(func(o *v1alpha1.Organization) {
		zero, two := int32(0), int32(2)
		o.Spec.Safety = v1alpha1.OrganizationSafety{
			MinAdministrators: &two, ProtectedEmails: []string{"Owner@Example.com"},
			MaxRemovals:    v1alpha1.RemovalLimit{Percent: &zero, Floor: &two, Window: &metav1.Duration{Duration: time.Minute}},
			MaxInvitations: v1alpha1.InvitationLimit{Percent: &two, Floor: &zero, Window: &metav1.Duration{Duration: time.Minute}},
			RemovalDelay:   &metav1.Duration{},
		}
	})
	safety := &all.Spec.Safety
	for what, pair := range map[string][2]any{
		"removals":                {census.Removals(none), rails.Limit{Percent: 25, Floor: 5, Window: time.Hour}},
		"removals, said":          {census.Removals(safety), rails.Limit{Percent: 0, Floor: 2, Window: time.Minute}},
		"invitations":             {census.Invitations(none), rails.Limit{Percent: 25, Floor: 100, Window: time.Hour}},
		"invitations, said":       {census.Invitations(safety), rails.Limit{Percent: 2, Floor: 0, Window: time.Minute}},
		"delay":                   {census.RemovalDelay(none), 5 * time.Second},
		"delay, said":             {census.RemovalDelay(safety), time.Duration(0)},
		"administrators":          {census.MinAdministrators(none), 1},
		"administrators, said":    {census.MinAdministrators(safety), 2},
		"protected":               {census.Protected(safety, "owner@example.com"), true},
		"protected, nobody":       {census.Protected(none, "owner@example.com"), false},
		"protected, another":      {census.Protected(safety, "other@example.com"), false},
		"the limit on 200 people": {census.Removals(none).Of(200), 50},
		"the limit on 8 people":   {census.Removals(none).Of(8), 5},
	} {
		if diff := cmp.Diff(pair[1], pair[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}
